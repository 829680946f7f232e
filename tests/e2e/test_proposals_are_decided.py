"""Mode propose, in a house of real processes: nothing is written before a decision, and then exactly once."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import agent_effects
import psutil
import pytest
import yaml
from agent_contracts import TaskResult
from fixtures.house import RunningHouse, worker
from fixtures.triage import ANSWER, REPOSITORY, script, task
from service_kit.bearer import token_hash
from service_kit.http import HttpClient, Reply

POOL = "propose"
LOOKED_AT_SECONDS = 1.2
"""Processes look at their files once a second."""
DOORS: Mapping[str, tuple[str, str]] = {"asker": ("propose", "person:asker"), "judge": ("read", "person:judge")}
"""Doors by name: their mode, and who comes through them. Both approve."""
BASELESS = {
    "structured": {
        "output": {"labels": [], "summary": "-", "similar": []},
        "claims": [{"statement": "-", "refs": ["aaaaaaaa"]}],
    }
}


def token_of(door: str) -> str:
    """Give a door's token."""
    return f"door_that-proposes-{door}"


@dataclass(frozen=True)
class World:
    """A house with the doors and a worker."""

    house: RunningHouse

    async def ask(self, method: str, path: str, door: str = "judge", **request: Any) -> Reply:
        """Ask control through a door."""
        headers = {"authorization": f"Bearer {token_of(door)}"}
        async with HttpClient(base_url=self.house.paths.url("control"), headers=headers) as http:
            return await http.request(method, path, **request)

    async def propose(self, changes: Mapping[int, Mapping[str, Any]] | None = None) -> tuple[int, UUID, TaskResult]:
        """Triage a new issue in mode propose; give its number, the task and its result."""
        number = await self.house.open_issue()
        await self.house.scenario(f"triage-{number}", script(number, changes or {}))
        reply = await self.ask("POST", "/v1/tasks", "asker", json=task(number, pool=POOL))
        assert reply.ok, reply.text
        task_id = UUID(reply.json()["id"])
        return number, task_id, await self.house.result(task_id)

    async def proposals(self, task_id: UUID) -> dict[str, dict[str, Any]]:
        """Give a task's proposals by their tools, as control shows them."""
        reply = await self.ask("GET", f"/v1/proposals?task={task_id}")
        assert reply.ok, reply.text
        return {one["tool"]: one for one in reply.json()["proposals"]}

    async def until(self, task_id: UUID, within: float = 30, **states: str) -> dict[str, dict[str, Any]]:
        """Wait until a task's proposals are in these states."""
        end = time.monotonic() + within
        while True:
            found = await self.proposals(task_id)
            if {tool: one["state"] for tool, one in found.items()} == states:
                return found
            assert time.monotonic() < end, found
            await asyncio.sleep(0.1)

    async def decide(self, proposal: Mapping[str, Any], word: str = "approve", door: str = "judge") -> Reply:
        """Decide by the hash of what was shown."""
        body = {"sha256": proposal["sha256"], "reason": "looked at"}
        return await self.ask("POST", f"/v1/proposals/{proposal['id']}/{word}", door, json=body)

    async def written(self, number: int) -> tuple[list[str], list[str]]:
        """Give an issue's labels and its comments, as they really are."""
        issue = await self.house.issue(number)
        return list(issue["labels"]), [comment["body"] for comment in issue["comments"]]

    async def sends(self, task_id: UUID) -> dict[str, int]:
        """Say how often each proposal of a task was sent."""
        async with self.house.database() as pool:
            return {str(one.tool): one.sends for one in await agent_effects.proposals(pool, task=task_id)}

    @contextmanager
    def policy(self, *rules: Mapping[str, Any]) -> Iterator[None]:
        """Set the house's policy for the block."""
        path = self.house.paths.home / "proposals.yaml"
        before = path.read_text()
        path.write_text(yaml.safe_dump({"rules": list(rules)}))
        time.sleep(LOOKED_AT_SECONDS)
        try:
            yield
        finally:
            path.write_text(before)


@pytest.fixture(scope="module")
def world(house: RunningHouse) -> Iterator[World]:
    """The house with a door that asks in mode propose and one that decides, and a worker."""
    path = house.paths.home / "access.yaml"
    access = yaml.safe_load(path.read_text())
    for name, (mode, actor) in DOORS.items():
        kind, _, who = actor.partition(":")
        access["http"][name] = {
            "skills": ["*"],
            "pools": ["*"],
            "vendors": {"github": {"resources": {"repositories": [REPOSITORY]}, "mode": mode}},
            "actor": {"kind": kind, "id": who},
            "approves": ["issue-triage"],
            "token_sha256": [token_hash(token_of(name))],
        }
    written = path.with_suffix(".new")
    written.write_text(yaml.safe_dump(access))
    written.rename(path)
    time.sleep(LOOKED_AT_SECONDS)
    with worker(house, pool=POOL):
        yield World(house)


@pytest.mark.slow
async def test_nothing_is_written_before_the_approval_and_once_after_it(world: World) -> None:
    """The proposals count as the action; who asked cannot approve; what was shown is what is sent."""
    number, task_id, result = await world.propose()
    assert result.status == "succeeded", result.message
    assert {effect.state for effect in result.effects} == {"proposed"}
    assert await world.written(number) == ([], [])

    waiting = await world.proposals(task_id)
    assert waiting.keys() == {"issue_write", "add_issue_comment"}
    for one in waiting.values():
        refused = await world.decide(one, door="asker")
        assert (refused.status, refused.json()["reason"]) == (403, "submitter")
        shown = (await world.ask("GET", f"/v1/proposals/{one['id']}")).json()["shown"]
        assert f"#{number}" in shown
        assert (await world.decide(one)).json()["decided_by"] == "person:judge"
    await world.until(task_id, issue_write="done", add_issue_comment="done")
    labels, comments = await world.written(number)
    assert (labels, len(comments)) == (["bug"], 1)
    assert await world.sends(task_id) == {"issue_write": 1, "add_issue_comment": 1}


@pytest.mark.slow
async def test_a_denied_proposal_is_never_written(world: World) -> None:
    """One is denied, the other approved: only the other is there."""
    number, task_id, _ = await world.propose()
    waiting = await world.proposals(task_id)
    assert (await world.decide(waiting["add_issue_comment"], "deny")).ok
    assert (await world.decide(waiting["issue_write"])).ok
    found = await world.until(task_id, issue_write="done", add_issue_comment="denied")
    assert found["add_issue_comment"]["reason"] == "looked at"
    assert await world.written(number) == (["bug"], [])


@pytest.mark.slow
async def test_what_changed_since_is_held_and_can_be_approved_anew(world: World) -> None:
    """The old hash is worth nothing then; the new one shows what is changed now."""
    number, task_id, _ = await world.propose()
    first = (await world.proposals(task_id))["issue_write"]
    changed = await world.house.github(
        "POST", f"/repos/{REPOSITORY}/issues/{number}/labels", json={"labels": ["question"]}
    )
    assert changed.ok, changed.text
    assert (await world.decide(first)).ok
    async with asyncio.timeout(20):
        while (held := (await world.proposals(task_id))["issue_write"])["held"] is None:
            await asyncio.sleep(0.1)
    assert (held["state"], held["decided_by"]) == ("proposed", None)
    assert "changed after the proposal was shown" in held["held"]
    old = await world.decide(first)
    assert (old.status, old.json()["reason"]) == (409, "changed")
    assert "- question" in (await world.ask("GET", f"/v1/proposals/{held['id']}")).json()["shown"]
    assert (await world.written(number))[0] == ["question"]
    assert (await world.decide(held)).ok
    await world.until(task_id, issue_write="done", add_issue_comment="proposed")
    assert (await world.written(number))[0] == ["bug"]


@pytest.mark.slow
async def test_what_a_failed_run_proposed_is_denied(world: World) -> None:
    """The verdict comes first: nobody can approve what rests on nothing."""
    number, task_id, result = await world.propose({ANSWER: BASELESS})
    assert (result.status, result.reason) == ("failed", "evidence")
    found = await world.until(task_id, issue_write="denied", add_issue_comment="denied")
    for one in found.values():
        assert one["reason"] == "the task ended as failed"
        assert (await world.decide(one)).status == 409
    assert await world.written(number) == ([], [])


@pytest.mark.slow
async def test_a_policy_approves_what_it_names(world: World) -> None:
    """Comments are sent without anybody; labels wait."""
    rule = {"name": "comments", "tool": "add_issue_comment", "author": "person:asker", "decide": "approve"}
    with world.policy({**rule, "target": f"{REPOSITORY}#*", "max_bytes": 4000, "per_hour": 100, "reason": "harmless"}):
        number, task_id, _ = await world.propose()
        found = await world.until(task_id, issue_write="proposed", add_issue_comment="done")
    comment = found["add_issue_comment"]
    assert (comment["decided_by"], comment["reason"]) == ("policy:comments", "harmless")
    labels, comments = await world.written(number)
    assert (labels, len(comments)) == ([], 1)


@pytest.mark.slow
@pytest.mark.apart
@pytest.mark.timeout(300)
async def test_a_gateway_killed_while_it_sends_leaves_one_write(world: World) -> None:
    """The gateway dies between its row and GitHub's reply: the next one finds what arrived and sends nothing again."""
    number, task_id, _ = await world.propose()
    comment = (await world.proposals(task_id))["add_issue_comment"]
    fault = {"fault": "delay", "seconds": 3, "match": {"method": "POST", "path_regex": f"/issues/{number}/comments"}}
    assert (await world.house.github("POST", "/_stand-in/faults", json=fault)).ok
    assert (await world.decide(comment)).ok
    await world.until(task_id, issue_write="proposed", add_issue_comment="sending")
    killed = psutil.Process(world.house.pids()["github-api"])
    killed.kill()
    await world.until(task_id, issue_write="proposed", add_issue_comment="done", within=200)
    assert world.house.pids()["github-api"] != killed.pid
    assert len((await world.written(number))[1]) == 1
    assert (await world.sends(task_id))["add_issue_comment"] == 1
