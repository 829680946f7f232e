"""300 tasks while workers, servers, gateways and stores are killed: none fails for that, and nothing is doubled."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import agent_effects
import pytest
from agent_contracts import TaskEvent, TaskResult
from agent_contracts.event import RetryEvent
from chaos.agent import LABEL, REPOSITORY
from chaos.ground import ATTEMPTS, PARTS, SKILL, Ground, chaotic
from fixtures.running import RunningHouse
from fixtures.stores import run_apart

TASKS = 300
STRIKES = 50
WITHIN_SECONDS = 900


@dataclass(frozen=True)
class Played:
    """The house after the chaos, how often each part was struck, and the end of each task, by the issue's number."""

    house: RunningHouse
    struck: Counter[str]
    tasks: list[UUID]
    ends: list[tuple[TaskResult, list[TaskEvent]]]

    @property
    def attempted_again(self) -> Counter[str]:
        """Count the reasons for which tasks were attempted again."""
        bodies = [event.body for _, events in self.ends for event in events]
        return Counter(str(body.reason) for body in bodies if isinstance(body, RetryEvent))


async def _play(ground: Ground) -> Played:
    await ground.issues(TASKS)
    given = [{"repository": REPOSITORY, "issue": number} for number in range(1, TASKS + 1)]
    tasks = [await ground.house.submit(SKILL, one) for one in given]
    await ground.until_all_ended(strikes=STRIKES, within=WITHIN_SECONDS)
    return Played(ground.house, ground.struck, tasks, [await ground.end(task) for task in tasks])


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """What became of all tasks."""
    with chaotic(tmp_path_factory.mktemp("chaos")) as ground:
        yield run_apart(_play(ground), WITHIN_SECONDS + 100)


@pytest.mark.timeout(WITHIN_SECONDS + 300)
def test_no_task_fails_for_an_outage_alone(played: Played) -> None:
    """A task fails only once its attempts are used up, and with as many as these none does."""
    ended = Counter((result.status, result.reason) for result, _ in played.ends)
    print(f"struck {dict(played.struck)}; ended {dict(ended)}; attempted again for {dict(played.attempted_again)}")
    early = [result for result, _ in played.ends if result.status != "succeeded" and result.attempts < ATTEMPTS]
    assert not early, early[:3]
    assert ended == {("succeeded", None): TASKS}


def test_the_chaos_was_one(played: Played) -> None:
    """Every part was struck, workers were lost, and runs came to nothing for want of a vendor."""
    assert set(played.struck) == set(PARTS)
    assert played.attempted_again.keys() >= {"crashed", "server"}


@pytest.mark.timeout(300)
async def test_nothing_is_doubled(played: Played) -> None:
    """Each issue has its label and one comment, and each task one such effect."""
    async with played.house.database() as pool:
        for number, task in enumerate(played.tasks, 1):
            issue = await played.house.issue(number, REPOSITORY)
            assert issue["labels"] == [LABEL]
            assert len(issue["comments"]) == 1, f"issue {number} has {len(issue['comments'])} comments"
            effects = await agent_effects.effects_of(pool, task)
            assert [one.state for one in effects if one.tool == "add_issue_comment"].count("done") == 1
