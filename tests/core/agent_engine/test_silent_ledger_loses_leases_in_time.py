"""A ledger that neither answers nor hangs up: a lease that it cannot keep is known to be lost in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import agent_ledger
import pytest
from agent_engine.lease import keep_lease
from agent_engine.run_control import Stop, StopSignal, end_tasks
from agent_stores.pool import open_pool
from core.agent_engine.script import Script
from core.agent_engine.worker_place import Place


@pytest.mark.slow
@pytest.mark.timeout(60)
async def test_lease_is_lost_though_the_ledger_is_silent(place: Place) -> None:
    """Nothing that is asked of a silent server holds up the end of a run whose lease is over."""
    registry = place.context(Script(lambda _: [])).registry
    await agent_ledger.register_skills(place.pool, registry.rows())
    task_id = await place.submit("plain")
    claim = await agent_ledger.claim(
        place.pool,
        worker="w1",
        lease_seconds=2,
        pools=["default"],
        engines=["claude"],
        skills={name: skill.version for name, skill in registry.skills.items()},
    )
    assert claim is not None
    talking = asyncio.Event()
    talking.set()
    async with road(place.database_url, talking) as url:
        pool = await open_pool(url, size=4, application="tests")
        stop = StopSignal()
        keeping = asyncio.create_task(keep_lease(pool, task_id, 1, seconds=2, stop=stop))
        try:
            await asyncio.sleep(3)
            assert stop.reason is None
            talking.clear()
            async with asyncio.timeout(20):
                await stop.wait()
            assert stop.reason is Stop.LOST_LEASE
        finally:
            await end_tasks(keeping)
            pool.terminate()


@asynccontextmanager
async def road(url: str, talking: asyncio.Event) -> AsyncIterator[str]:
    """Give another address of a database, on which nothing is said while `talking` is not set."""
    parts = urlsplit(url)
    roads: set[asyncio.Task[None]] = set()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1 << 16):
            await talking.wait()
            writer.write(piece)

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            await asyncio.gather(copy(reader, there_writer), copy(there_reader, writer), return_exceptions=True)
        finally:
            writer.transport.abort()
            there_writer.transport.abort()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        roads.add(asyncio.create_task(lead(reader, writer)))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    login, _, _ = parts.netloc.rpartition("@")
    port = server.sockets[0].getsockname()[1]
    try:
        yield urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))
    finally:
        server.close()
        await end_tasks(*roads)
