"""Whatever becomes of a reply, nothing is written twice, and nothing is missing without being said."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

import asyncpg
import httpx
import pytest
from agent_contracts import Grant
from vendor.github_api.house import HELLO, House, effects, gateway, running_task, started, until

COMMENTS = f"/repos/{HELLO}/issues/1/comments"
ISSUES = f"/repos/{HELLO}/issues"
Write = Callable[..., Coroutine[Any, Any, httpx.Response]]


@pytest.fixture
async def url(api: House) -> AsyncIterator[str]:
    """A gateway that waits for GitHub 1.5 s."""
    hasty = {"upstream_seconds": 1.5, "upstream_failures": 100, "github_upstream_limited": False}
    async with gateway(api.settings.model_copy(update=hasty)) as url:
        yield url


@pytest.fixture
async def comment(api: House, pool: asyncpg.Pool, url: str) -> Write:
    """Comments for a running task."""
    task, attempt = await running_task(pool)
    token = api.token(task=task, attempt=attempt)
    return partial(api.ask, "POST", COMMENTS, token=token, tool="add_issue_comment", body={"body": "Hello"}, url=url)


async def comments(api: House) -> list[str]:
    """Give what the issue's comments say now."""
    reply = await api.ask("GET", f"{COMMENTS}?per_page=100", service="reader")
    return [comment["body"] for comment in reply.json()]


async def age(pool: asyncpg.Pool, seconds: float) -> None:
    """Let the open sends be older."""
    still_open = "state in ('sending', 'unknown')"
    sent = "sent_at = sent_at - make_interval(secs => $1)"
    await pool.execute(f"update gateway.effects set {sent} where {still_open}", seconds)


async def test_the_same_request_is_answered_from_its_row(api: House, pool: asyncpg.Pool, comment: Write) -> None:
    """A repeat gets the first reply and is told so; another text is another comment."""
    before = len(await comments(api))
    first = await comment()
    again = await comment()
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (first.headers.get("x-agent-effect-repeat"), again.headers["x-agent-effect-repeat"]) == (None, "1")
    assert again.headers["x-agent-effect"] == first.headers["x-agent-effect"]
    assert (await comment(body={"body": "Something else"})).headers.get("x-agent-effect-repeat") is None
    assert len(await comments(api)) == before + 2
    assert len(await effects(pool)) == 2


async def test_a_hidden_marker_names_the_effect(api: House, comment: Write) -> None:
    """What is created carries its effect's id, where GitHub shows it to nobody."""
    reply = await comment()
    assert (await comments(api))[-1] == f"Hello\n\n<!-- agent-bot:effect {reply.headers['x-agent-effect']} -->"


async def test_many_at_once_write_once(api: House, comment: Write) -> None:
    """Of ten same requests one is sent; the others get its answer, or are told to wait."""
    before = len(await comments(api))
    api.fault("delay", seconds=0.2, method="POST")
    async with gateway(api.settings.model_copy(update={"github_upstream_limited": False})) as patient:
        replies = await asyncio.gather(*(comment(url=patient) for _ in range(10)))
    told = {(reply.status_code, reply.headers.get("x-agent-gateway-error")) for reply in replies}
    assert (201, None) in told
    assert told <= {(201, None), (409, "effect_open")}
    assert len(await comments(api)) == before + 1


LOST = [("apply_then_drop", 502), ("apply_then_status", 502), ("apply_then_status", 303), ("cut", 502)]


@pytest.mark.parametrize(("fault", "status"), LOST)
async def test_what_was_done_is_seen(api: House, pool: asyncpg.Pool, comment: Write, fault: str, status: int) -> None:
    """GitHub does it and the reply is lost: it is found at once, and a repeat is answered."""
    before = len(await comments(api))
    api.fault(fault, method="POST", status=status)
    reply = await comment()
    assert (reply.status_code, reply.headers["x-agent-effect-state"]) == (201, "done")
    assert (await comment()).json()["id"] == reply.json()["id"]
    (row,) = await effects(pool)
    assert (row["state"], row["url"]) == ("done", reply.json()["html_url"])
    assert len(await comments(api)) == before + 1


async def test_a_new_issue_is_seen_too(api: House, pool: asyncpg.Pool, url: str) -> None:
    """What was created is found by its marker, also without a text of its own, and labels stay as asked."""
    task, attempt = await running_task(pool)
    create = partial(api.ask, "POST", ISSUES, token=api.token(task=task, attempt=attempt), tool="issue_write", url=url)
    api.fault("apply_then_drop", method="POST")
    reply = await create(body={"title": "Once", "labels": ["bug"]})
    assert (reply.status_code, reply.json()["title"]) == (201, "Once")
    assert (await create(body={"title": "Once", "labels": ["bug"]})).json()["number"] == reply.json()["number"]
    found = await api.ask("GET", f"{ISSUES}?state=all&per_page=100", service="reader")
    assert [issue["title"] for issue in found.json()].count("Once") == 1


@pytest.mark.slow
async def test_what_comes_late_is_not_sent_again(api: House, pool: asyncpg.Pool, comment: Write) -> None:
    """GitHub is slower than anybody waits: a repeat is refused until it is there, and then answered."""
    before = len(await comments(api))
    api.fault("delay", seconds=4.0, method="POST")
    lost = await comment()
    assert (lost.status_code, lost.headers["x-agent-effect-state"]) == (504, "unknown")
    early = await comment()
    assert (early.status_code, early.json()["reason"]) == (409, "effect_unknown")
    assert 100 < int(early.headers["retry-after"]) <= 120
    await asyncio.sleep(4.2)
    late = await comment()
    assert (late.status_code, late.headers["x-agent-effect-repeat"]) == (201, "1")
    assert len(await comments(api)) == before + 1
    assert [row["state"] for row in await effects(pool)] == ["done"]


async def test_what_never_arrived_is_sent_again(api: House, pool: asyncpg.Pool, comment: Write) -> None:
    """A send that can no longer arrive and is not there has failed, and the repeat is sent."""
    before = len(await comments(api))
    api.fault("drop_before", method="POST")
    assert (await comment()).status_code == 502
    assert (await comment()).json()["reason"] == "effect_unknown"
    await age(pool, 121)
    assert (await comment()).status_code == 201
    assert len(await comments(api)) == before + 1
    assert sorted(row["state"] for row in await effects(pool)) == ["done", "failed"]


@pytest.mark.slow
@pytest.mark.parametrize("applied", [True, False])
async def test_a_killed_gateway_leaves_nothing_unsaid(
    api: House, pool: asyncpg.Pool, comment: Write, applied: bool
) -> None:
    """A gateway dies in mid send: another one finds out by itself what became of it; a repeat writes once in all."""
    before = len(await comments(api))
    process, doomed = await started(api)
    api.fault("delay" if applied else "drop_before", seconds=0.5, method="POST")
    if not applied:
        api.fault("delay", seconds=5, method="GET", path="comments", times=1)
    waiting = asyncio.create_task(comment(url=doomed))
    try:
        async with asyncio.timeout(60):
            while any(fault.match.method == "POST" for fault in api.github.controls.gate.faults):
                await asyncio.sleep(0.01)
    finally:
        process.kill()
        await process.wait()
    assert (await effects(pool))[0]["state"] == "sending"
    with suppress(httpx.TransportError):
        await waiting
    await asyncio.sleep(0.6)
    await age(pool, 10 if applied else 130)
    async with asyncio.timeout(60):
        while (state := (await effects(pool))[0]["state"]) == "sending":
            await asyncio.sleep(0.1)
    assert state == ("done" if applied else "failed")
    assert (await comment()).status_code == 201
    assert len(await comments(api)) == before + 1


async def test_without_the_database_in_between(api: House, pool: asyncpg.Pool, comment: Write) -> None:
    """PostgreSQL goes away after the row: the reply reaches the caller, and the row is settled when it is back."""
    before = len(await comments(api))
    api.fault("delay", seconds=0.2, method="POST")
    waiting = asyncio.create_task(comment())
    await until(pool, "sending")
    await pool.execute("alter table gateway.effects rename to gone")
    reply = await waiting
    assert (reply.status_code, reply.headers["x-agent-effect-state"]) == (201, "sending")
    await pool.execute("alter table gateway.gone rename to effects")
    await age(pool, 10)
    again = await comment()
    assert (again.status_code, again.json()["id"]) == (201, reply.json()["id"])
    assert len(await comments(api)) == before + 1


async def test_limits_count_writes_of_a_tool(api: House, pool: asyncpg.Pool, url: str) -> None:
    """The grant's limit holds over all attempts and says so."""
    task, attempt = await running_task(pool)
    grant = {"tools": ["add_issue_comment"], "resources": {"repositories": [HELLO]}, "mode": "write"}
    limited = Grant.model_validate(grant | {"limits": {"add_issue_comment": 2}})
    token = api.token(limited, task=task, attempt=attempt)
    replies: list[Any] = []
    for number in range(3):
        body = {"body": f"number {number}"}
        replies.append(await api.ask("POST", COMMENTS, token=token, tool="add_issue_comment", body=body, url=url))
    assert [reply.status_code for reply in replies] == [201, 201, 403]
    assert replies[-1].json()["reason"] == "limit"
    assert "2 times" in replies[-1].json()["message"]


async def test_a_callers_own_key(api: House, pool: asyncpg.Pool, url: str) -> None:
    """An Idempotency-Key is kept for a service too: one request, one answer; another body is told what was done."""
    write = partial(api.ask, "POST", COMMENTS, service="helper", headers={"idempotency-key": "k-1"}, url=url)
    first = await write(body={"body": "one"})
    assert (await write(body={"body": "one"})).json() == first.json()
    other = await write(body={"body": "two"})
    assert (other.status_code, other.json()["reason"]) == (409, "key_conflict")
    assert first.json()["html_url"] in other.json()["message"]
    bad = await api.ask("POST", COMMENTS, service="helper", headers={"idempotency-key": "k 1"}, body={"body": "x"})
    assert (bad.status_code, bad.json()["reason"]) == (400, "header")
    assert len(await effects(pool)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "status"),
    [("comments", 403), ("comments", 404), ("comments", 429), ("comments", 502), ("/user$", 502)],
)
async def test_a_look_that_failed_proves_nothing(
    api: House, pool: asyncpg.Pool, comment: Write, path: str, status: int
) -> None:
    """GitHub did it, dropped the reply and refuses to show it: nothing is sent again, however old the send is."""
    before = len(await comments(api))
    api.fault("apply_then_drop", method="POST")
    api.fault("status", method="GET", path=path, status=status, times=100)
    assert (await comment()).headers["x-agent-effect-state"] == "unknown"
    await age(pool, 121)
    again = await comment()
    assert (again.status_code, again.json()["reason"]) == (409, "effect_unknown")
    api.github.controls.gate.faults.clear()
    await age(pool, 121)
    assert (await comment()).status_code == 201
    assert (await effects(pool))[0]["state"] == "done"
    assert len(await comments(api)) == before + 1
