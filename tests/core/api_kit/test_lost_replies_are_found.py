"""Whatever becomes of a reply, nothing is written twice, and nothing is missing without being said."""

import asyncio
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest
from agent_contracts import Grant
from api_kit import Call, Fetch, Json, Probe, Resource, Table
from api_kit.reconciler import Reconciler
from core.api_kit.corkboard import age, note, pinned, writer
from core.api_kit.proposing import write as creates
from core.api_kit.toy import toy
from fixtures.gateway import House, effects, until
from fixtures.ports import free_ports
from fixtures.resource_kinds import PROJECTS
from structlog.testing import capture_logs

TESTS = Path(__file__).parents[2]


async def test_many_at_once_write_once(house: House, pool: asyncpg.Pool) -> None:
    """Of ten same requests one is sent; the others get its answer, or are told to wait; another text is another one."""
    write, before = await writer(house, pool), len(pinned(house))
    house.fault("delay", seconds=0.2, method="POST")
    replies = await asyncio.gather(*(write() for _ in range(10)))
    told = {(reply.status_code, reply.headers.get("x-agent-gateway-error")) for reply in replies}
    assert (201, None) in told
    assert told <= {(201, None), (409, "effect_open"), (429, "rate")}
    assert len(pinned(house)) == before + 1
    assert (await write(body=note("something else"))).headers.get("x-agent-effect-repeat") is None
    assert len(pinned(house)) == before + 2


async def test_what_was_done_is_seen(house: House, pool: asyncpg.Pool) -> None:
    """The vendor does it, and its reply is an error, a redirect or cut short: it is found, and a repeat is answered."""
    write, before = await writer(house, pool), len(pinned(house))
    for number, (fault, status) in enumerate((("apply_then_status", 502), ("apply_then_status", 303), ("cut", None))):
        house.fault(fault, method="POST", status=status)
        reply = await write(body=note(f"number {number}"))
        assert (reply.status_code, reply.headers["x-agent-effect-state"]) == (201, "done"), fault
        assert (await write(body=note(f"number {number}"))).json()["id"] == reply.json()["id"]
    assert len(pinned(house)) == before + 3


@pytest.mark.slow
async def test_what_comes_late_is_not_sent_again(house: House, pool: asyncpg.Pool) -> None:
    """The vendor is slower than anybody waits: a repeat is refused until it is there, and then answered."""
    write, before = await writer(house, pool), len(pinned(house))
    house.fault("delay", seconds=3.0, method="POST")
    async with house.another(upstream_seconds=0.5) as hasty:
        lost = await write(url=hasty)
        assert (lost.status_code, lost.headers["x-agent-effect-state"]) == (504, "unknown")
    early = await write()
    assert (early.status_code, early.json()["reason"]) == (409, "effect_unknown")
    assert 100 < int(early.headers["retry-after"]) <= 120
    async with asyncio.timeout(20):
        while len(pinned(house)) == before:
            await asyncio.sleep(0.02)
    late = await write()
    assert (late.status_code, late.headers["x-agent-effect-repeat"]) == (201, "1")
    assert len(pinned(house)) == before + 1
    assert [row["state"] for row in await effects(pool)] == ["done"]


async def test_what_never_arrived_is_sent_again(house: House, pool: asyncpg.Pool) -> None:
    """A send that can no longer arrive and is not there has failed; the repeat is sent, and told as written now."""
    write, before = await writer(house, pool), len(pinned(house))
    house.fault("drop_before", method="POST")
    assert (await write()).status_code == 502
    assert (await write()).json()["reason"] == "effect_unknown"
    await age(pool, 121)
    sent = await write()
    assert (sent.status_code, sent.headers.get("x-agent-effect-repeat")) == (201, None)
    assert (await write()).headers["x-agent-effect-repeat"] == "1"
    assert len(pinned(house)) == before + 1
    assert sorted(row["state"] for row in await effects(pool)) == ["done", "failed"]


@pytest.mark.usefixtures("quick_rounds")
async def test_what_never_arrived_is_found_out_by_the_gateway_itself(house: House, pool: asyncpg.Pool) -> None:
    """Nobody asks again: once it can no longer arrive, the rounds say that it has failed."""
    write = await writer(house, pool)
    house.fault("drop_before", method="POST")
    await write()
    await age(pool, 121)
    await until(pool, "failed")


async def test_a_look_that_failed_proves_nothing(house: House, pool: asyncpg.Pool) -> None:
    """The vendor did it and refuses to show it: nothing is sent again, however old the send is."""
    write, before = await writer(house, pool), len(pinned(house))
    for number, status in enumerate((403, 404, 502), 1):
        house.fault("apply_then_drop", method="POST")
        house.fault("status", method="GET", status=status, times=100)
        body = note(f"answered {status}")
        assert (await write(body=body)).headers["x-agent-effect-state"] == "unknown"
        await age(pool, 121)
        again = await write(body=body)
        assert (again.status_code, again.json()["reason"]) == (409, "effect_unknown")
        house.app.controls.gate.faults.clear()
        assert (await write(body=body)).status_code == 201
        assert len(pinned(house)) == before + number


async def test_without_the_database_in_between(house: House, pool: asyncpg.Pool) -> None:
    """PostgreSQL goes away after the row: the reply reaches the caller, and the row is settled when it is back."""
    write, before = await writer(house, pool), len(pinned(house))
    house.fault("delay", seconds=0.2, method="POST")
    waiting = asyncio.create_task(write())
    await until(pool, "sending")
    await pool.execute("alter table gateway.effects rename to gone")
    reply = await waiting
    assert (reply.status_code, reply.headers["x-agent-effect-state"]) == (201, "sending")
    await pool.execute("alter table gateway.gone rename to effects")
    await age(pool, 30)
    again = await write()
    assert (again.status_code, again.json()["id"]) == (201, reply.json()["id"])
    assert len(pinned(house)) == before + 1


async def test_a_look_that_breaks_costs_no_other_its_look(tmp_path: Path, pool: asyncpg.Pool) -> None:
    """The look for the oldest write fails inside the gateway: it is logged, and the same round finds the other."""

    async def find(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
        if call.path["note"] == "odd":
            raise ValueError("what no reply should bring about")
        return await fetch("/notes/even")

    path, project = "/projects/{project:name}/{note:name}", Resource(PROJECTS, "path", "{project}")
    table = Table([replace(creates(path, project), probe=Probe(find, mark=lambda body, effect: body))])
    grant = Grant.model_validate({"resources": {"projects": ["ops"]}, "mode": "write"})
    async with toy(tmp_path, pool, grant, table=table) as api:
        for name in ("odd", "even"):
            api.vendor.says({}, 503)
            api.vendor.says({}, 503)  # to the look at once
            await api.client.post(f"/projects/ops/{name}", json={"text": "x"})
            api.vendor.replies.clear()
        await age(pool, 30)
        api.vendor.says({"id": 1})
        with capture_logs() as lines:
            await Reconciler(api.gateway).find_lost()
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["find_failed"]
    found = await pool.fetch("select target, state from gateway.effects order by began_at")
    assert [row["target"] for row in found if row["state"] == "done"] == ["/projects/ops/even"]


@pytest.mark.slow
@pytest.mark.usefixtures("quick_rounds")
async def test_a_killed_gateway_leaves_nothing_unsaid(house: House, pool: asyncpg.Pool) -> None:
    """A gateway dies in mid send: another one finds out by itself what became of it, and a repeat is not sent."""
    write, before = await writer(house, pool), len(pinned(house))
    process, url = await started(house)
    house.fault("delay", seconds=0.5, method="POST")
    waiting = asyncio.create_task(write(url=url))
    try:
        await until(pool, "sending")
        async with asyncio.timeout(20):
            while house.app.controls.gate.faults:
                await asyncio.sleep(0.01)
    finally:
        process.kill()
        await process.wait()
    with suppress(httpx.TransportError):
        await waiting
    assert [row["state"] for row in await effects(pool)] == ["sending"]
    async with asyncio.timeout(20):
        while len(pinned(house)) == before:
            await asyncio.sleep(0.02)
    await age(pool, 30)
    await until(pool, "done")
    assert (await write()).status_code == 201
    assert len(pinned(house)) == before + 1


async def started(house: House) -> tuple[asyncio.subprocess.Process, str]:
    """Start one more instance as a process, and return it with its address once it is ready."""
    (port,) = free_ports(1)
    environ = {
        "ACCESS_FILE": str(house.settings.access_file),
        "AGENT_JWKS_FILE": str(house.settings.agent_jwks_file),
        "DATABASE_URL": house.settings.database_url,
        "PORT": str(port),
        "PYTHONPATH": str(TESTS),
        "UPSTREAM_URL": house.upstream_url,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "core.api_kit.corkboard", env=environ, stderr=asyncio.subprocess.PIPE
    )
    url = f"http://127.0.0.1:{port}"
    async with asyncio.timeout(60):
        while process.returncode is None:
            with suppress(httpx.TransportError):
                await house.client.get(f"{url}/ready")
                return process, url
            await asyncio.sleep(0.05)
    assert process.stderr is not None
    raise AssertionError((await process.stderr.read()).decode())
