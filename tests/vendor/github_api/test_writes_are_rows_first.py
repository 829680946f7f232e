"""Before a write goes out it is a row; the row says what became of it; a stale attempt writes nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from uuid import uuid4

import agent_effects
import asyncpg
import httpx
import pytest
from agent_contracts import Grant
from structlog.testing import capture_logs
from vendor.github_api.house import HELLO, House, claimed, effects, gateway, running_task, started, until

ISSUE = f"/repos/{HELLO}/issues/1"


Write = Callable[..., Awaitable[httpx.Response]]


async def writer(api: House, pool: asyncpg.Pool) -> Write:
    """Give a way to write for a running task."""
    task, attempt = await running_task(pool)
    return partial(api.ask, token=api.token(task=task, attempt=attempt), tool="issue_write")


async def test_the_row_says_who_did_what(api: House, pool: asyncpg.Pool) -> None:
    """Tenant, task, attempt, caller, tool, route, target, hash of the body, state, status and address."""
    task, attempt = await running_task(pool)
    token = api.token(task=task, attempt=attempt)
    reply = await api.ask("POST", f"{ISSUE}/comments", token=token, tool="add_issue_comment", body={"body": "Hello"})
    assert reply.status_code == 201
    (row,) = await effects(pool)
    told = {
        name: row[name] for name in ("tenant", "task_id", "attempt", "caller", "vendor", "tool", "method", "target")
    }
    assert told == {
        "tenant": "default",
        "task_id": task,
        "attempt": attempt,
        "caller": "github-mcp",
        "vendor": "github",
        "tool": "add_issue_comment",
        "method": "POST",
        "target": f"{HELLO}#1",
    }
    assert row["route"] == "POST /repos/{owner:name}/{repo:name}/issues/{number:number}/comments"
    assert row["request"]["path"] == f"{ISSUE}/comments"
    assert len(row["request"]["body_sha256"]) == 64
    assert "Hello" not in str(dict(row["request"]))
    assert (row["state"], row["status"], row["url"]) == ("done", 201, reply.json()["html_url"])
    assert reply.headers["x-agent-effect"] == str(row["id"])
    (summary,) = await agent_effects.effects_of(pool, task)
    assert (summary.state, summary.tool, summary.fields) == ("done", "add_issue_comment", ["body"])


async def test_each_write_to_an_issue_names_it_and_its_fields(api: House, pool: asyncpg.Pool) -> None:
    """Whatever the route, the target of a write to an issue is `owner/name#number`, and its fields are the body's."""
    task, attempt = await running_task(pool)
    token = api.token(task=task, attempt=attempt)
    wanted: list[list[str]] = []
    for method, path, body, tool, fields in (
        ("PATCH", ISSUE, {"title": "x", "labels": ["bug"]}, "issue_write", ["labels", "title"]),
        ("PUT", f"{ISSUE}/labels", {"labels": ["bug"]}, "issue_write", ["labels"]),
        ("POST", f"{ISSUE}/labels", ["question"], "issue_write", ["labels"]),
        ("DELETE", f"{ISSUE}/labels/bug", None, "issue_write", []),
        ("POST", f"{ISSUE}/comments", {"body": "Hello"}, "add_issue_comment", ["body"]),
    ):
        reply = await api.ask(method, path, token=token, tool=tool, body=body)
        assert reply.status_code in (200, 201), reply.text
        wanted.append(fields)
    done = await agent_effects.effects_of(pool, task)
    assert [effect.fields for effect in done] == wanted
    assert {(effect.target, effect.state) for effect in done} == {(f"{HELLO}#1", "done")}


@pytest.mark.slow
async def test_the_row_is_there_before_the_call(api: House, pool: asyncpg.Pool) -> None:
    """While GitHub works the row is `sending`; a gateway killed then leaves it so, and in time it reads as unknown."""
    task, attempt = await running_task(pool)
    token = api.token(task=task, attempt=attempt)
    api.fault("delay", seconds=0.5, method="PATCH", times=2)
    process, url = await started(api)
    try:
        ask = api.ask("PATCH", ISSUE, body={"labels": ["bug"]}, url=url, token=token, tool="issue_write")
        waiting = asyncio.create_task(ask)
        rows = await until(pool, "sending")
    finally:
        process.kill()
        await process.wait()
    with pytest.raises(httpx.TransportError):
        await waiting
    assert (await effects(pool))[0]["state"] == "sending"
    await asyncio.sleep(0.5)
    await pool.execute("update gateway.effects set sent_at = sent_at - $1::interval", timedelta(seconds=121))
    (summary,) = await agent_effects.effects_of(pool, rows[0]["task_id"])
    assert summary.state == "unknown"


@pytest.mark.slow
async def test_what_became_of_it(api: House, pool: asyncpg.Pool) -> None:
    """2xx done; 4xx failed; 5xx, a cut or dropped reply and silence unknown, but for what is seen to be done."""
    quick = api.settings.model_copy(update={"upstream_seconds": 1.5, "upstream_failures": 100})
    write = await writer(api, pool)
    async with gateway(quick) as url:
        for fault, asked, state, status in (
            ("status", 422, "failed", 422),
            ("status", 403, "failed", 403),
            ("status", 503, "unknown", 503),
            ("apply_then_status", 502, "done", 200),
            ("html", 500, "unknown", 500),
            ("apply_then_drop", None, "done", 200),
            ("drop_before", None, "unknown", 502),
            ("cut", None, "done", 200),
            ("delay", None, "unknown", 504),
        ):
            api.fault(fault, method="PATCH", status=asked, seconds=3.0)
            reply = await write("PATCH", ISSUE, body={"title": f"after {fault} {asked}"}, url=url)
            row = (await effects(pool))[-1]
            assert (row["state"], reply.status_code) == (state, status), (fault, row, reply.text)
            assert reply.headers["x-agent-effect-state"] == state
            assert row["detail"] or state == "done"
            assert len([seen for seen in api.seen if seen["method"] == "PATCH"]) == len(await effects(pool)), fault
    gone = api.settings.model_copy(update={"github_upstream_url": "http://127.0.0.1:1"})
    async with gateway(gone) as url:
        reply = await write("PATCH", ISSUE, body={"labels": []}, url=url)
        assert (reply.status_code, reply.json()["reason"]) == (502, "upstream_unreachable")
        assert (await effects(pool))[-1]["state"] == "failed"


async def test_labels_that_github_drops_are_noticed(api: House, pool: asyncpg.Pool) -> None:
    """GitHub answers 200 and leaves the labels out: the effect is partial, and says which."""
    write = await writer(api, pool)
    for method, target, body in (
        ("PATCH", ISSUE, {"labels": ["Bug"]}),
        ("POST", f"/repos/{HELLO}/issues", {"title": "x", "labels": ["bug"]}),
    ):
        api.fault("drop_labels")
        with capture_logs() as lines:
            reply = await write(method, target, body=body)
        assert reply.status_code in (200, 201)
        assert reply.headers["x-agent-effect-state"] == "partial"
        (audit,) = [line for line in lines if line["event"] == "request" and line["effect"]]
        assert audit["effect_detail"] == "labels asked for and not set: bug"
        row = (await effects(pool))[-1]
        assert (row["state"], row["detail"]) == ("partial", "labels asked for and not set: bug")
    done = await write("PATCH", ISSUE, body={"labels": ["BUG", "question"], "state": "closed"})
    assert done.headers["x-agent-effect-state"] == "done"


@pytest.mark.slow
async def test_what_github_did_in_part_is_not_done_again(api: House, pool: asyncpg.Pool) -> None:
    """An issue whose labels were dropped is there: it counts, and a repeat is answered from its row."""
    task, attempt = await running_task(pool)
    grant = Grant(tools=["issue_write"], resources={"repositories": [HELLO]}, mode="write", limits={"issue_write": 1})
    create = partial(
        api.ask,
        "POST",
        f"/repos/{HELLO}/issues",
        token=api.token(grant, task=task, attempt=attempt),
        tool="issue_write",
    )
    api.fault("drop_labels", times=3)
    made = [await create(body={"title": "Once", "labels": ["bug"]}) for _ in range(2)]
    assert [reply.json()["number"] for reply in made] == [made[0].json()["number"]] * 2
    assert made[1].headers["x-agent-effect-repeat"] == "1"
    another = await create(body={"title": "Twice", "labels": ["bug"]})
    assert (another.status_code, another.json()["reason"]) == (403, "limit")
    assert [seen["method"] for seen in api.seen].count("POST") == 1


async def test_a_stale_attempt_writes_nothing(api: House, pool: asyncpg.Pool) -> None:
    """When the lease is over or another attempt runs, the fence holds the write back; the new attempt's goes out."""
    task, first = await running_task(pool)
    await pool.execute("update ledger.tasks set lease_until = now() - interval '1 second' where id = $1", task)
    write = partial(api.ask, "PATCH", ISSUE, tool="issue_write", body={"labels": ["bug"]})
    old = api.token(task=task, attempt=first)
    for _ in range(2):
        reply = await write(token=old)
        assert (reply.status_code, reply.json()["reason"]) == (409, "stale_attempt")
        if await pool.fetchval("select attempt from ledger.tasks where id = $1", task) == first:
            second = await claimed(pool)
    reply = await write(token=api.token(task=uuid4()))
    assert (reply.status_code, reply.json()["reason"]) == (409, "stale_attempt")
    assert not await effects(pool)
    assert not api.seen
    assert (await write(token=api.token(task=task, attempt=second))).status_code == 200
    assert (await api.ask("GET", ISSUE, token=old)).status_code == 200


async def test_without_the_database_nothing_is_sent(api: House, pool: asyncpg.Pool) -> None:
    """A write that cannot be recorded is refused; reads go on, and readiness names the database."""
    await pool.execute("alter table gateway.effects rename to gone")
    reply = await api.ask("PATCH", ISSUE, service="helper", body={"labels": ["bug"]})
    assert (reply.status_code, reply.json()["reason"]) == (503, "effects_unavailable")
    assert not api.seen
    assert (await api.ask("GET", ISSUE, service="helper")).status_code == 200
    await pool.execute("drop schema gateway cascade")
    ready = await api.client.get(f"{api.url}/ready")
    assert ready.status_code == 503
    assert "gateway" in ready.json()["checks"]["database"]


async def test_a_service_for_itself_leaves_a_row_too(api: House, pool: asyncpg.Pool) -> None:
    """A write without a task is a row of its caller's."""
    await api.ask("DELETE", f"{ISSUE}/labels", service="helper")
    (row,) = await effects(pool)
    assert (row["task_id"], row["caller"], row["state"]) == (None, "helper", "done")
