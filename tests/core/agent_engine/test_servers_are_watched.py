"""What counts as a server that has answered."""

import asyncio

import pytest
from agent_engine.server_watch import ServerWatch
from fixtures.serving import alive, serving


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
