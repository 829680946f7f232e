"""Skills run by the real CLI as their own scenarios have it: the shipped ones, and one that was just made."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from agent_contracts import TaskResult
from agent_engine.skills.scaffold import make_skill
from core.agent_engine.skill_folder import write_example
from e2e.scenarios.cases import CASES, UNTOUCHED, Case
from e2e.scenarios.ground import prepare, written
from fixtures.house import RunningHouse, worker
from fixtures.stores import run_apart

POOL = "scenarios"


async def _play(house: RunningHouse) -> dict[str, TaskResult]:
    for case in CASES:
        await prepare(house, case)
    tasks = [await house.submit(one.skill, {"repository": one.repository, **one.input}, pool=POOL) for one in CASES]
    results = await asyncio.gather(*(house.result(task, within=120) for task in tasks))
    return dict(zip((one.repository for one in CASES), results, strict=True))


@pytest.fixture(scope="module")
def played(house: RunningHouse) -> Iterator[Mapping[str, TaskResult]]:
    """The results of all cases, by repository."""
    with worker(house, transport="http", pool=POOL, slots=3):
        yield run_apart(_play(house))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.skill}/{case.name}")
async def test_a_scenario_comes_to_its_end(house: RunningHouse, played: Mapping[str, TaskResult], case: Case) -> None:
    """Verdict, answer and writes are those of the case, each claim has a ref, and nothing else is written."""
    result = played[case.repository]
    shown = f"{result.status} ({result.reason}): {result.message}\n{result.output}"
    assert (result.status, result.reason) == ("failed" if case.reason else "succeeded", case.reason), shown
    assert case.says in result.message, shown
    assert [effect.state for effect in result.effects] == list(case.effects), shown
    assert case.output.items() <= result.output.items(), shown
    assert case.summary in result.output["summary"], shown
    assert result.claims or case.reason
    assert all(claim.refs for claim in result.claims)
    assert await written(house, case) == {**UNTOUCHED, **case.written}
    assert _address(result.output).startswith(f"{house.paths.url('stand-in-github')}/{case.repository}/") == bool(
        case.written
    )


def _address(output: Mapping[str, str]) -> str:
    """Return the address of what was written, as the answer gives it."""
    return next((output[name] for name in ("review_url", "comment_url", "release_url") if name in output), "")


async def test_a_new_skill_runs_at_once(house: RunningHouse, tmp_path: Path) -> None:
    """What `agent-engine skills new` makes succeeds with its first scenario, before anybody changed it."""
    place = make_skill("first-look", tmp_path)
    await house.scenario("first-look", (place / "scenarios/success.yaml").read_text())
    with worker(house, transport="http", skills=[tmp_path]):
        given = {"repository": "octocat/hello-world", "issue": 1}
        result = await house.result(await house.submit("first-look", given))
        assert (result.status, result.reason) == ("succeeded", None), result.message
        assert result.output == {"asks_for": "Crash at start inside a container when HOME is missing"}


async def test_the_pages_example_runs_as_it_is_written(house: RunningHouse, tmp_path: Path) -> None:
    """The skill that docs/skills.md writes succeeds in the local system with the scenario that stands there."""
    place = write_example(tmp_path)
    await house.scenario("label-check", (place / "scenarios/success.yaml").read_text())
    with worker(house, transport="http", skills=[tmp_path]):
        given = {"repository": "octocat/hello-world", "issue": 1}
        result = await house.result(await house.submit("label-check", given))
        assert (result.status, result.reason) == ("succeeded", None), result.message
        assert result.output == {"label": "bug", "was_there": False}
