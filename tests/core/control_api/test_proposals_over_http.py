"""Proposals over HTTP: shown and decided through doors that approve, each for its own tenant and skills."""

import asyncio
import json
from typing import Any
from uuid import UUID

import agent_effects
import pytest
from agent_contracts import Actor, TaskState
from agent_ledger import get_task
from fixtures.control import APPROVER, NARROW_APPROVER, OTHER_TOKEN, TOKEN, Control
from fixtures.proposals import SHOWN, digest, proposed
from service_kit.http import Reply

HASH = digest(SHOWN)


async def ask(control: Control, method: str, path: str, token: str = APPROVER, body: Any = None) -> Reply:
    """Ask with a token."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    return await control.http.request(method, f"/v1/proposals{path}", headers=headers, content=content)


async def decide(control: Control, id_: UUID, word: str = "approve", token: str = APPROVER, **body: str) -> Reply:
    """Decide by the hash of what was shown, unless another is given."""
    return await ask(control, "POST", f"/{id_}/{word}", token, {"sha256": HASH, "reason": "as it should be"} | body)


async def test_a_proposal_is_shown_and_approved_by_its_hash(control: Control) -> None:
    """Who approves, and why, is the door's actor and what it said."""
    id_ = await proposed(control.pool)
    (listed,) = (await ask(control, "GET", "?state=proposed&limit=5")).json()["proposals"]
    assert (listed["id"], listed["author"], listed["sha256"]) == (str(id_), "person:bob", HASH)
    shown = (await ask(control, "GET", f"/{id_}")).json()
    assert digest(shown["shown"]) == shown["sha256"]
    assert not shown.keys() & {"call", "base"}
    reply = await decide(control, id_)
    assert reply.status == 200, reply.text
    approved = reply.json()
    assert (approved["state"], approved["decided_by"], approved["reason"]) == (
        "approved",
        "person:grace",
        "as it should be",
    )


@pytest.mark.slow
async def test_what_stands_against_a_decision_is_named(control: Control) -> None:
    """Another hash, the task's own actor, a running task, another tenant, another skill, a second decision."""
    id_ = await proposed(control.pool)
    own = await proposed(control.pool, actor=Actor(kind="person", id="grace"))
    running = await proposed(control.pool, status=None)
    refused = {
        "changed": (409, await decide(control, id_, sha256="0" * 64)),
        "submitter": (403, await decide(control, own)),
        "running": (409, await decide(control, running)),
        "unknown": (404, await decide(control, id_, token=OTHER_TOKEN)),
        "door": (403, await decide(control, id_, token=NARROW_APPROVER)),
        "body": (422, await decide(control, id_, sha256="short")),
    }
    refused_too = [
        await decide(control, id_, **body) for body in ({"reason": "a\x00b"}, {"reason": "\ud800"}, {"by": "x"})
    ]
    assert [reply.status for reply in refused_too] == [422, 422, 422], [reply.text for reply in refused_too]
    for reason, (status, reply) in refused.items():
        assert (reply.status, reply.json()["reason"]) == (status, reason), reply.text
        assert reply.headers["x-agent-control-error"] == reason
    assert (await decide(control, id_, "deny")).json()["state"] == "denied"
    again = await decide(control, id_)
    assert (again.status, again.json()["reason"]) == (409, "decided")


async def test_only_a_door_that_approves_opens(control: Control) -> None:
    """A door without `approves`, another tenant's, and what is no door's token see nothing."""
    id_ = await proposed(control.pool)
    for path in ("", f"/{id_}"):
        assert (await ask(control, "GET", path, TOKEN)).json()["reason"] == "door"
        assert (await ask(control, "GET", path, "eyJhbGciOiJFZERTQSJ9.e30.x")).status == 401
    assert (await ask(control, "GET", "", OTHER_TOKEN)).json() == {"proposals": []}
    assert (await ask(control, "GET", f"/{id_}", OTHER_TOKEN)).status == 404
    assert (await decide(control, id_, token=TOKEN)).json()["reason"] == "door"
    assert (await agent_effects.proposal(control.pool, id_)).state == "proposed"


@pytest.mark.slow
async def test_lists_come_in_pages(control: Control) -> None:
    """Newest first; `before` gives the next page, whether its plus sign was encoded or not."""
    made = [await proposed(control.pool) for _ in range(3)]
    first = (await ask(control, "GET", "?limit=2")).json()
    rest = (await ask(control, "GET", f"?limit=2&before={first['before']}")).json()
    ids = [one["id"] for one in first["proposals"] + rest["proposals"]]
    assert ids == [str(id_) for id_ in reversed(made)]
    assert "before" not in rest
    task = first["proposals"][0]["task"]
    assert [one["task"] for one in (await ask(control, "GET", f"?task={task}")).json()["proposals"]] == [task]


WRONG = ("state=later", "limit=0", "limit=x", "limit=" + "9" * 5000, "before=yesterday", "task=7")
NO_YEAR = ("before=9999-12-31T23:59:59-23:59", "before=0001-01-01T00:00:00%2B23:59")


@pytest.mark.parametrize("query", [*WRONG, *NO_YEAR])
async def test_queries_that_mean_nothing_are_refused(control: Control, query: str) -> None:
    """Each by its name."""
    reply = await ask(control, "GET", f"?{query}")
    assert (reply.status, reply.json()["reason"]) == (422, "query")
    assert query.partition("=")[0] in reply.json()["message"]


async def test_of_two_deciders_at_once_one_is_told(control: Control) -> None:
    """One decision holds; the other is 409."""
    id_ = await proposed(control.pool)
    replies = await asyncio.gather(decide(control, id_), decide(control, id_, "deny"))
    assert sorted(reply.status for reply in replies) == [200, 409]


async def test_a_bad_verdict_denies_without_anybody(control: Control) -> None:
    """Control itself denies what a failed task proposed."""
    id_ = await proposed(control.pool, status="failed")
    async with asyncio.timeout(60):
        while (found := await agent_effects.proposal(control.pool, id_)).state == "proposed":
            await asyncio.sleep(0.05)
    assert (found.state, found.reason) == ("denied", "the task ended as failed")
    assert found.task is not None
    view = await get_task(control.pool, found.task)
    assert view is not None
    assert view.state is TaskState.failed


async def test_expiry_is_denial(control: Control) -> None:
    """What nobody decides in time is over, without anybody."""
    id_ = await proposed(control.pool, seconds=0.1)
    async with asyncio.timeout(60):
        while (found := await agent_effects.proposal(control.pool, id_)).state == "proposed":
            await asyncio.sleep(0.05)
    assert (found.state, found.reason) == ("expired", "nobody decided in time")
    reply = await decide(control, id_)
    assert (reply.status, reply.json()["reason"]) == (409, "decided")
