"""Skills run by the real CLI as their own scenarios have it: the shipped ones, and one that was just made."""

from pathlib import Path
from typing import Any

from agent_engine.skills.scaffold import make_skill
from fixtures.house import RunningHouse, worker

REPOSITORY = "octocat/hello-world"


async def test_a_review_stands_on_lines_of_the_diff(house: RunningHouse, tmp_path: Path) -> None:
    """pr-review leaves one review with comments on lines that the pull request adds, and its answer names them."""
    with worker(house, transport="http"):
        before = await _reviews(house, 6)
        task = await house.submit("pr-review", {"repository": REPOSITORY, "pull_request": 6})
        result = await house.result(task)
        assert (result.status, result.reason) == ("succeeded", None), result.message
        (review,) = (await _reviews(house, 6))[len(before) :]
        comments = (await house.github("GET", f"/repos/{REPOSITORY}/pulls/6/comments")).json()
        told: Any = result.output
        ours = [one for one in comments if one["pull_request_review_id"] == review["id"]]
        assert [(one["path"], one["line"]) for one in ours] == [(one["path"], one["line"]) for one in told["comments"]]
        assert len(ours) == 2
        assert told["review_url"] == review["html_url"]


async def test_a_new_skill_runs_at_once(house: RunningHouse, tmp_path: Path) -> None:
    """What `agent-engine skills new` makes succeeds with its first scenario, before anybody changed it."""
    place = make_skill("first-look", tmp_path)
    await house.scenario("first-look", (place / "scenarios/success.yaml").read_text())
    with worker(house, transport="http", skills=[tmp_path]):
        result = await house.result(await house.submit("first-look", {"repository": REPOSITORY, "issue": 1}))
        assert (result.status, result.reason) == ("succeeded", None), result.message
        assert result.output == {"asks_for": "Crash at start inside a container when HOME is missing"}


async def _reviews(house: RunningHouse, number: int) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await house.github("GET", f"/repos/{REPOSITORY}/pulls/{number}/reviews")).json()
    return listed
