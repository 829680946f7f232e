"""An agent that writes elsewhere, or something else, has not done its task, whatever it says."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from agent_contracts import TaskResult
from fixtures.house import RunningHouse, worker
from fixtures.stores import run_apart

REPOSITORY = "octocat/hello-world"
POOL = "right-issue"
READ = {"method": "get", "repository": REPOSITORY}


@dataclass(frozen=True)
class Written:
    """One task that ended: its issue, the other issue of the repository, and its result."""

    own: int
    other: int
    result: TaskResult

    @property
    def shown(self) -> str:
        """What to say where the verdict is another."""
        return f"{self.result.status} ({self.result.reason}): {self.result.message}"


def scenario(own: int, write: Mapping[str, Any], comment_on: int) -> dict[str, Any]:
    """Give a conversation that reads the task's own issue, writes as told, and says that all is done."""
    marked = rf'(?s)"issue": {own}\b.{{0,40}}"{REPOSITORY}"|"{REPOSITORY}".{{0,40}}"issue": {own}\b'
    comment = {"repository": REPOSITORY, "issue": comment_on, "body": "Labelled as a bug."}
    return {
        "name": f"right-issue-{own}",
        "match": {"regex": marked},
        "steps": [
            {
                "tools": [
                    {"tool": "issue_read", "input": {**READ, "issue": own}},
                    {"tool": "list_labels", "input": {"repository": REPOSITORY}},
                ]
            },
            {
                "tools": [
                    {"tool": "issue_write", "input": {"method": "update", "repository": REPOSITORY, **write}},
                    {"tool": "add_issue_comment", "input": comment},
                ]
            },
            {
                "structured": {
                    "output": {"labels": ["bug"], "summary": "Labelled and commented.", "similar": []},
                    "claims": [{"statement": "The labels were set.", "refs": "{{ refs.issue_write[:1] }}"}],
                }
            },
        ],
    }


async def play(house: RunningHouse) -> dict[str, Written]:
    """Play each way to write, side by side, each with an issue of its own."""
    other = await house.open_issue("Another one")

    async def one(way: str) -> Written:
        own = await house.open_issue(f"Crash, written {way}")
        target = other if way == "elsewhere" else own
        fields: dict[str, Any] = {"state": "closed"} if way == "otherwise" else {"labels": ["bug"]}
        told = scenario(own, {"issue": target, **fields}, other if way == "half" else own)
        await house.scenario(f"right-issue-{own}", told)
        task = await house.submit("issue-triage", {"repository": REPOSITORY, "issue": own}, pool=POOL)
        return Written(own, other, await house.result(task))

    ways = ("right", "elsewhere", "otherwise", "half")
    return dict(zip(ways, await asyncio.gather(*(one(way) for way in ways)), strict=True))


@pytest.fixture(scope="module")
def written(house: RunningHouse) -> Iterator[Mapping[str, Written]]:
    """What became of each way to write."""
    with worker(house, slots=4, pool=POOL):
        played: Mapping[str, Written] = run_apart(play(house))
        yield played


def test_labels_and_comment_on_the_own_issue_succeed(written: Mapping[str, Written]) -> None:
    """Both writes on the task's own issue are what it asked for; the result names their targets and fields."""
    one = written["right"]
    assert one.result.status == "succeeded", one.shown
    assert [(effect.target, effect.fields) for effect in one.result.effects] == [
        (f"{REPOSITORY}#{one.own}", ["labels"]),
        (f"{REPOSITORY}#{one.own}", ["body"]),
    ]


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("elsewhere", "github/issue_write[labels]@{own}: only {other} was written"),
        ("otherwise", "github/issue_write[labels]@{own}: only state of {own} was written"),
        ("half", "github/add_issue_comment@{own}: only {other} was written"),
    ],
)
def test_another_write_is_no_success(written: Mapping[str, Written], way: str, message: str) -> None:
    """Labels elsewhere, a closed issue in place of labels, a comment elsewhere: the verdict says what was missing."""
    one = written[way]
    assert (one.result.status, one.result.reason) == ("failed", "evidence"), one.shown
    names = {"own": f"{REPOSITORY}#{one.own}", "other": f"{REPOSITORY}#{one.other}"}
    assert one.result.message == message.format(**names)
    assert {effect.state for effect in one.result.effects} == {"done"}
