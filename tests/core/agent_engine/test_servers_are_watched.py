"""What counts as a server that has answered."""

import asyncio

import pytest
from agent_engine.server_watch import ServerWatch
from agent_engine.worker import Worker
from agent_ledger import Replies
from core.agent_engine.script import Script
from core.agent_engine.worker_place import Place
from fixtures.ports import free_ports
from fixtures.serving import alive, serving
from structlog.testing import capture_logs


@pytest.mark.parametrize(("status", "came"), [(200, ["github"]), (204, ["github"]), (404, []), (502, []), (503, [])])
async def test_only_a_server_that_says_it_is_alive_has_answered(status: int, came: list[str]) -> None:
    """A proxy answers for a server that is not there; tasks wait for the server's own 2xx at `/health`."""
    async with serving(alive(status)) as url:
        watch = ServerWatch({"github": f"{url}/mcp"})
        assert await watch.look() == came
        assert watch.have_answered(["github"]) == bool(came)


async def test_a_server_that_a_run_missed_is_asked_again() -> None:
    """Its tasks stay in the queue until it answers: one that is down uses up the attempts of no others."""
    async with serving(alive(200)) as url:
        watch = ServerWatch({"github": f"{url}/mcp"})
        await watch.look()
        waiting = asyncio.create_task(watch.until_missed())
        await asyncio.sleep(0)
        watch.miss(["github", "unwatched"])
        await asyncio.wait_for(waiting, 1)
        assert (watch.silent, watch.have_answered(["github"])) == (["github"], False)
        assert await watch.look() == ["github"]
        assert watch.have_answered(["github"])


async def test_each_wait_for_a_server_is_logged(place: Place) -> None:
    """A server that goes away after it has answered is logged as awaited once more."""
    (port,) = free_ports(1)
    context = place.context(Script(lambda _: []), GITHUB_MCP_URL=f"http://127.0.0.1:{port}")
    stop = asyncio.Event()
    with capture_logs() as lines:

        async def logged(event: str, times: int) -> None:
            while [line["event"] for line in lines].count(event) < times:
                await asyncio.sleep(0.02)

        worker = asyncio.create_task(Worker(context, Replies({}), database_url=place.database_url).serve(stop))
        try:
            async with asyncio.timeout(20):
                await logged("servers_waited_for", 1)
                async with serving(alive(), port):
                    await logged("servers_answered", 1)
                context.servers.miss(["github"])
                await logged("servers_waited_for", 2)
        finally:
            stop.set()
            await worker
