"""Many tasks while workers, servers, gateways, model-api and stores are killed, and GitHub and the model fail.

None fails for that, nothing is doubled, and what the model was asked is paid for. `make chaos` plays 300 tasks.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import agent_effects
import pytest
from agent_contracts import TaskEvent, TaskResult
from agent_contracts.event import RetryEvent
from chaos.agent import LABEL, REPOSITORY
from chaos.ground import ATTEMPTS, PARTS, SKILL, Ground, chaotic
from core.agent_engine.skill_folder import METADATA
from fixtures.running import RunningHouse
from fixtures.stores import run_apart
from genai_prices import Usage, calc_price

TASKS = int(os.environ.get("CHAOS_TASKS", "96"))
KILLS = TASKS // 6
WITHIN_SECONDS = 900
SWEEPS_SECONDS = 60
pytestmark = pytest.mark.timeout(WITHIN_SECONDS + 300)


@dataclass(frozen=True)
class Played:
    """The house after the chaos, how often parts were killed and each was struck, and how each issue's task ended."""

    house: RunningHouse
    kills: int
    struck: Counter[str]
    tasks: list[UUID]
    ends: list[tuple[TaskResult, list[TaskEvent]]]

    @property
    def attempted_again(self) -> Counter[str]:
        """Count the reasons for which tasks were attempted again."""
        bodies = [event.body for _, events in self.ends for event in events]
        return Counter(str(body.reason) for body in bodies if isinstance(body, RetryEvent))


async def _play(ground: Ground) -> Played:
    await ground.set_up(TASKS)
    given = [{"repository": REPOSITORY, "issue": number} for number in range(1, TASKS + 1)]
    tasks = [await ground.house.submit(SKILL, one) for one in given]
    await ground.until_all_ended(kills=KILLS, within=WITHIN_SECONDS)
    return Played(ground.house, ground.kills, ground.struck, tasks, [await ground.end(task) for task in tasks])


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """What became of all tasks."""
    with chaotic(tmp_path_factory.mktemp("chaos")) as ground:
        yield run_apart(_play(ground), WITHIN_SECONDS + 100)


def test_no_task_fails_for_an_outage_alone(played: Played) -> None:
    """A task fails only once its attempts are used up, and with as many as these none does."""
    ended = Counter((result.status, result.reason) for result, _ in played.ends)
    print(f"struck {dict(played.struck)}; ended {dict(ended)}; attempted again for {dict(played.attempted_again)}")
    early = [result for result, _ in played.ends if result.status != "succeeded" and result.attempts < ATTEMPTS]
    assert not early, early[:3]
    assert ended == {("succeeded", None): TASKS}


def test_the_chaos_was_one(played: Played) -> None:
    """There were as many kills as meant, of every part, workers were lost, and runs failed for want of a vendor."""
    assert played.kills == KILLS
    assert set(played.struck) == set(PARTS)
    assert played.attempted_again.keys() >= {"crashed", "server"}


async def test_nothing_is_doubled(played: Played) -> None:
    """Each issue has its label and one comment, and each task one such effect."""
    async with played.house.database() as pool:
        for number, task in enumerate(played.tasks, 1):
            issue = await played.house.issue(number, REPOSITORY)
            assert issue["labels"] == [LABEL]
            assert len(issue["comments"]) == 1, f"issue {number} has {len(issue['comments'])} comments"
            effects = await agent_effects.effects_of(pool, task)
            assert [one.state for one in effects if one.tool == "add_issue_comment"].count("done") == 1


async def test_the_model_is_paid_for(played: Played) -> None:
    """In the end nothing is reserved, no task is metered below the vendor's count, and all at 1.3 of it at the most."""
    async with played.house.database() as pool:
        async with asyncio.timeout(SWEEPS_SECONDS):
            while await pool.fetchval("select count(*) from gateway.spend where state = 'reserved'"):
                await asyncio.sleep(1)
        spends = {str(task): await agent_effects.spent(pool, task) for task in played.tasks}
        totals = await pool.fetch("select sum(usd) as usd from gateway.totals group by scope")
    counted = (await played.house.model("GET", "/_stand-in/usage")).json()
    vendors = {task: _price(usage["input_tokens"], usage["output_tokens"]) for task, usage in counted.items()}
    metered, true = sum(spend.usd for spend in spends.values()), sum(vendors.values())
    estimated = sum(spend.estimated_usd for spend in spends.values())
    print(f"metered ${metered:.2f}, of it ${estimated:.2f} estimated, of ${true:.2f}: {metered / true:.3f}x")
    assert not [task for task, spend in spends.items() if spend.usd < vendors[task]]
    assert true <= metered <= true * Decimal("1.3")
    assert 0 < estimated < metered
    assert {row["usd"] for row in totals} == {metered}


def _price(read: int, written: int) -> Decimal:
    usage = Usage(input_tokens=read, output_tokens=written)
    return calc_price(usage, METADATA["model"], provider_id="anthropic").total_price
