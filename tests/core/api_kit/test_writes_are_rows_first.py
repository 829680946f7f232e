"""Before a write goes out it is a row, and the row says what became of it."""

from functools import partial
from pathlib import Path

import agent_effects
import asyncpg
from agent_contracts import Grant, Mode
from api_kit.effects import MOST_URL_LENGTH, Outcome, settle
from core.api_kit.corkboard import LIST, NOTE, NOTES, note, writer
from core.api_kit.toy import toy
from fixtures.gateway import House, effects, running_task
from structlog.testing import capture_logs

STATE = "x-agent-effect-state"


async def test_the_row_says_who_did_what(house: House, pool: asyncpg.Pool) -> None:
    """Tenant, task, attempt, caller, tool, route, target, hash of the body, state and status; nothing of the text."""
    task, attempt = await running_task(pool)
    token = house.token(task=task, attempt=attempt)
    reply = await house.ask("POST", NOTES, token=token, tool="note_write", body=NOTE)
    assert reply.status_code == 201
    (row,) = await effects(pool)
    told = {
        "tenant": "default",
        "task_id": task,
        "attempt": attempt,
        "caller": "corkboard-mcp",
        "vendor": "corkboard",
        "tool": "note_write",
        "route": "POST /boards/{board:name}/notes",
        "method": "POST",
        "target": "team",
        "state": "done",
        "status": 201,
    }
    assert {name: row[name] for name in told} == told
    assert row["request"]["path"] == NOTES
    assert len(row["request"]["body_sha256"]) == 64
    assert NOTE["text"] not in str(row["request"])
    assert reply.headers["x-agent-effect"] == str(row["id"])
    (summary,) = await agent_effects.effects_of(pool, task)
    assert (summary.state, summary.tool, summary.fields) == ("done", "note_write", ["text", "title"])


async def test_an_address_has_a_bound(house: House, pool: asyncpg.Pool) -> None:
    """A longer one than can be opened is not kept, and the outcome is."""
    write = await writer(house, pool)
    for length, kept in ((MOST_URL_LENGTH, True), (MOST_URL_LENGTH + 1, False)):
        await write(body=note(f"of {length}"))
        id_, url = (await effects(pool))[-1]["id"], "https://example.com/".ljust(length, "x")
        await pool.execute("alter table gateway.effects disable trigger effects_moves")
        await pool.execute("update gateway.effects set state = 'sending', settled_at = null where id = $1", id_)
        assert await settle(pool, id_, Outcome("done", 201, url))
        row = await agent_effects.effect(pool, id_)
        assert (row.state, row.url) == ("done", url if kept else None)


async def test_what_became_of_it(house: House, pool: asyncpg.Pool) -> None:
    """2xx is done; 4xx failed; 5xx and a dropped connection are unknown; each says why, and is sent once."""
    write = await writer(house, pool)
    for fault, asked, state, status in (
        ("status", 422, "failed", 422),
        ("status", 403, "failed", 403),
        ("status", 503, "unknown", 503),
        ("html", 500, "unknown", 500),
        ("drop_before", None, "unknown", 502),
        ("delay", None, "done", 201),
    ):
        house.fault(fault, method="POST", status=asked, seconds=0.0)
        reply = await write(body=note(f"{fault} {asked}"))
        row = (await effects(pool))[-1]
        assert (row["state"], reply.status_code) == (state, status), (fault, row, reply.text)
        assert reply.headers[STATE] == state
        assert row["detail"] or state == "done"
        assert len([seen for seen in house.seen if seen["method"] == "POST"]) == len(await effects(pool)), fault


async def test_what_never_left_has_failed(tmp_path: Path, pool: asyncpg.Pool) -> None:
    """Where the vendor cannot be reached, nothing was done."""
    grant = Grant.model_validate({"resources": {"channels": ["C1"]}, "mode": "write"})
    async with toy(tmp_path, pool, grant, at="http://127.0.0.1:1") as api:
        reply = await api.client.post("/messages", json={"channel": "C1", "text": "x"})
    assert (reply.status_code, reply.json()["reason"]) == (502, "upstream_unreachable")
    assert [row["state"] for row in await effects(pool)] == ["failed"]


async def test_what_was_done_in_part_is_not_done_again(house: House, pool: asyncpg.Pool) -> None:
    """What came out otherwise than asked is partial: it counts, and a repeat is answered from its row."""
    write = await writer(house, pool, limits={"note_write": 1})
    house.fault(
        "status", method="POST", status=201, body={"board": "team", "id": 9, "title": "Cat", "text": "feed"}, times=3
    )
    made = [await write() for _ in range(2)]
    assert [(reply.headers[STATE], reply.json()["id"]) for reply in made] == [("partial", 9)] * 2
    assert made[1].headers["x-agent-effect-repeat"] == "1"
    assert (await effects(pool))[0]["detail"] == "the text is another one"
    another = await write(body=note("call Ada"))
    assert (another.status_code, another.json()["reason"]) == (403, "limit")
    assert [seen["method"] for seen in house.seen].count("POST") == 1


async def test_limits_count_writes_of_a_tool(house: House, pool: asyncpg.Pool) -> None:
    """The grant's limit holds, and says so."""
    write = await writer(house, pool, limits={"note_write": 2})
    replies = [await write(body=note(f"number {number}")) for number in range(3)]
    assert [reply.status_code for reply in replies] == [201, 201, 403]
    assert replies[-1].json()["reason"] == "limit"
    assert "2 times" in replies[-1].json()["message"]


async def test_limits_count_proposals_too(house: House, pool: asyncpg.Pool) -> None:
    """A proposal takes of the grant's limit."""
    write = await writer(house, pool, limits={"note_write": 1}, mode=Mode.propose)
    replies = [await write(body=note(text)) for text in ("one", "two")]
    assert [reply.status_code for reply in replies] == [202, 403]
    assert replies[1].json()["reason"] == "limit"


async def test_without_the_database_nothing_is_sent(house: House, pool: asyncpg.Pool) -> None:
    """A write that cannot be recorded is refused; reads go on, and readiness names the database."""
    await pool.execute("alter table gateway.effects rename to gone")
    reply = await house.ask("POST", NOTES, service="helper", body=NOTE)
    assert (reply.status_code, reply.json()["reason"]) == (503, "effects_unavailable")
    assert not house.seen
    assert (await house.ask("GET", LIST, service="helper")).status_code == 200
    await pool.execute("drop schema gateway cascade")
    with capture_logs() as lines:
        ready = await house.client.get(f"{house.url}/ready")
    assert ready.status_code == 503
    assert "`check_failed` in the log" in ready.json()["checks"]["database"]
    assert ["gateway" in line["error"] for line in lines if line["event"] == "check_failed"] == [True]


async def test_a_callers_own_key(house: House, pool: asyncpg.Pool) -> None:
    """An Idempotency-Key is kept for a service too: one request, one row; another body is told what was done."""
    write = partial(house.ask, "POST", NOTES, service="helper", headers={"idempotency-key": "k-1"})
    first = await write(body=NOTE)
    assert (await write(body=NOTE)).json() == first.json()
    other = await write(body=note("two"))
    assert (other.status_code, other.json()["reason"]) == (409, "key_conflict")
    assert "is done" in other.json()["message"]
    bad = await house.ask("POST", NOTES, service="helper", headers={"idempotency-key": "k 1"}, body=NOTE)
    assert (bad.status_code, bad.json()["reason"]) == (400, "header")
    (row,) = await effects(pool)
    assert (row["task_id"], row["caller"], row["state"]) == (None, "helper", "done")
