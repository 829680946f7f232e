"""Mode propose: what a task writes is stored, shown, and sent once after an approval; what changed since is held."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import agent_effects
import asyncpg
import httpx
import pytest
from agent_contracts import Grant, TaskResult
from agent_effects import Proposal
from agent_ledger import finish
from vendor.github_api.house import HELLO, House, effects, gateway, running_task

ISSUE = f"/repos/{HELLO}/issues/1"
Ask = Callable[..., Awaitable[httpx.Response]]


def proposing(**more: Any) -> Grant:
    """Make a grant whose writes are proposals."""
    grant = {"tools": ["issue_write", "add_issue_comment"], "resources": {"repositories": [HELLO]}, "mode": "propose"}
    return Grant.model_validate(grant | more)


@pytest.fixture
async def task(pool: asyncpg.Pool) -> tuple[Any, int]:
    """A running task."""
    return await running_task(pool)


@pytest.fixture
def ask(api: House, task: tuple[Any, int]) -> Ask:
    """Ask for the task."""
    return partial(api.ask, token=api.token(proposing(), task=task[0], attempt=task[1]))


async def succeed(pool: asyncpg.Pool, task: tuple[Any, int]) -> None:
    """End the task well."""
    assert await finish(pool, task[0], task[1], TaskResult(task_id=task[0], status="succeeded", output="done"))


async def approve(pool: asyncpg.Pool, found: Proposal) -> None:
    """Approve what was shown."""
    await agent_effects.decide(pool, found.id, approve=True, by="person:ada", reason="fine", sha256=found.sha256)


async def until(pool: asyncpg.Pool, *states: str) -> None:
    """Wait until the effects are in these states."""
    async with asyncio.timeout(60):
        while [row["state"] for row in await effects(pool)] != list(states):
            await asyncio.sleep(0.05)


async def present(api: House) -> tuple[list[str], list[str]]:
    """Give the issue's labels and comments now."""
    issue = (await api.ask("GET", ISSUE, service="reader")).json()
    comments = (await api.ask("GET", f"{ISSUE}/comments?per_page=100", service="reader")).json()
    return sorted(label["name"] for label in issue["labels"]), [comment["body"] for comment in comments]


@pytest.mark.slow
async def test_nothing_is_sent_before_an_approval_and_once_after_it(
    api: House, pool: asyncpg.Pool, task: tuple[Any, int], ask: Ask
) -> None:
    """202 with the proposal's id; the same again is the same proposal; after the approvals both are there, once."""
    before = await present(api)
    labels = await ask("PATCH", ISSUE, tool="issue_write", body={"labels": ["bug", "question"]})
    comment = await ask("POST", f"{ISSUE}/comments", tool="add_issue_comment", body={"body": "Looking into it"})
    again = await ask("POST", f"{ISSUE}/comments", tool="add_issue_comment", body={"body": "Looking into it"})
    assert [reply.status_code for reply in (labels, comment, again)] == [202] * 3
    assert again.json()["proposal"] == comment.json()["proposal"] == comment.headers["x-agent-effect"]
    assert comment.headers["x-agent-effect-state"] == "proposed"
    assert await present(api) == before
    waiting = {found.route.split()[0]: found for found in await agent_effects.proposals(pool)}
    assert "+ question" in waiting["PATCH"].shown
    assert "Looking into it" in waiting["POST"].shown
    assert f"{HELLO}#1" in waiting["POST"].shown
    await succeed(pool, task)
    for found in waiting.values():
        await approve(pool, found)
    await until(pool, "done", "done")
    await asyncio.sleep(1.5)
    now = await present(api)
    assert now[0] == ["bug", "question"]
    assert [text for text in now[1] if text not in before[1]] == [
        f"Looking into it\n\n<!-- agent-bot:effect {waiting['POST'].id} -->"
    ]
    assert len([seen for seen in api.seen if seen["method"] in ("POST", "PATCH")]) == 2
    summaries = await agent_effects.effects_of(pool, task[0])
    assert all(summary.url for summary in summaries)


@pytest.mark.slow
async def test_what_changed_since_is_held(api: House, pool: asyncpg.Pool, task: tuple[Any, int], ask: Ask) -> None:
    """Somebody else changed the labels: the proposal waits for a decision on what it would change now."""
    await ask("PATCH", ISSUE, tool="issue_write", body={"labels": ["bug"]})
    await succeed(pool, task)
    (first,) = await agent_effects.proposals(pool)
    await api.ask("PATCH", ISSUE, service="helper", body={"labels": ["question", "enhancement"]})
    await approve(pool, first)
    async with asyncio.timeout(60):
        while (held := await agent_effects.proposal(pool, first.id)).held is None:
            await asyncio.sleep(0.05)
    assert (held.state, held.decided_by) == ("proposed", None)
    assert "changed after" in str(held.held)
    assert held.sha256 != first.sha256
    assert "- enhancement" in held.shown
    with pytest.raises(agent_effects.ProposalError) as refused:
        await approve(pool, first)
    assert refused.value.reason == "changed"
    await approve(pool, held)
    await until(pool, "done", "done")
    assert (await present(api))[0] == ["bug"]


async def test_bounds_are_checked_again(api: House, pool: asyncpg.Pool, task: tuple[Any, int], ask: Ask) -> None:
    """What the tenant's entry does not allow any more is not sent, and says why."""
    await ask("PATCH", ISSUE, tool="issue_write", body={"labels": ["bug"]})
    await succeed(pool, task)
    (found,) = await agent_effects.proposals(pool)
    access = api.settings.access_file
    access.write_text(access.read_text().replace('"octocat/*"', '"octocat/spoon-knife"'))
    await approve(pool, found)
    await until(pool, "failed")
    ended = await agent_effects.proposal(pool, found.id)
    assert "is not among the repositories" in str(ended.detail)
    assert not [seen for seen in api.seen if seen["method"] == "PATCH"]


@pytest.mark.slow
async def test_two_gateways_send_once(api: House, pool: asyncpg.Pool, task: tuple[Any, int], ask: Ask) -> None:
    """However many gateways go round, an approved proposal is sent by one."""
    for number in range(4):
        await ask("POST", f"{ISSUE}/comments", tool="add_issue_comment", body={"body": f"number {number}"})
    await succeed(pool, task)
    unlimited = api.settings.model_copy(update={"github_upstream_limited": False})
    async with gateway(unlimited), gateway(unlimited), gateway(unlimited):
        for found in await agent_effects.proposals(pool):
            await approve(pool, found)
        await until(pool, *["done"] * 4)
        await asyncio.sleep(1.2)
    texts = (await present(api))[1]
    assert [sum(f"number {number}\n" in text for text in texts) for number in range(4)] == [1] * 4


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["apply_then_drop", "drop_before"])
async def test_a_lost_reply_to_a_proposal(
    api: House, pool: asyncpg.Pool, task: tuple[Any, int], ask: Ask, fault: str
) -> None:
    """What arrived is found; what never arrived is sent again by the gateway itself when it can no longer come."""
    before = len((await present(api))[1])
    await ask("POST", f"{ISSUE}/comments", tool="add_issue_comment", body={"body": "once"})
    await succeed(pool, task)
    api.fault(fault, method="POST")
    (found,) = await agent_effects.proposals(pool)
    hasty = api.settings.model_copy(update={"upstream_seconds": 1.5, "github_upstream_limited": False})
    async with gateway(hasty):
        await approve(pool, found)
        if fault == "drop_before":
            await until(pool, "unknown")
            assert len((await present(api))[1]) == before
            await pool.execute("update gateway.effects set sent_at = sent_at - interval '130 seconds'")
        await until(pool, "done")
    assert len((await present(api))[1]) == before + 1


async def test_hidden_characters_are_shown(pool: asyncpg.Pool, ask: Ask) -> None:
    """An approver sees what would be hidden."""
    await ask("POST", f"{ISSUE}/comments", tool="add_issue_comment", body={"body": "a\u200bb\u202ec\x07"})
    (found,) = await agent_effects.proposals(pool)
    assert "a\\u{200b}b\\u{202e}c\\u{7}" in found.shown


async def test_what_the_database_does_not_keep_is_refused(pool: asyncpg.Pool, ask: Ask) -> None:
    """A NUL character is the caller's mistake, and is told as such."""
    reply = await ask("PATCH", ISSUE, tool="issue_write", body={"title": "a\0b"})
    assert (reply.status_code, reply.json()["reason"]) == (400, "body")
    assert await agent_effects.proposals(pool) == []


async def test_limits_count_proposals_too(api: House, task: tuple[Any, int]) -> None:
    """A proposal takes of the grant's limit."""
    token = api.token(proposing(limits={"add_issue_comment": 1}), task=task[0], attempt=task[1])
    replies = [
        await api.ask("POST", f"{ISSUE}/comments", token=token, tool="add_issue_comment", body={"body": text})
        for text in ("one", "two")
    ]
    assert [reply.status_code for reply in replies] == [202, 403]
    assert replies[1].json()["reason"] == "limit"
