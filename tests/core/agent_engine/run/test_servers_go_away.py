"""What the real CLI says of a server that goes away during its run, over both transports."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
from agent_engine.spec import ServerSpec
from core.agent_engine.run.conftest import TASK_TOKEN
from fixtures.ports import free_ports

pytestmark = [pytest.mark.cli, pytest.mark.apart]

SERVER = """
import sys
import uvicorn
from fastmcp import FastMCP
from starlette.applications import Starlette

protocol = FastMCP("lab")

@protocol.tool(output_schema=None)
def lookup(key: str) -> str:
    return f"Key {key}: all is well"

http = protocol.http_app(path="/mcp", stateless_http=True)
sse = protocol.http_app(path="/sse", transport="sse")
app = Starlette(routes=[*http.routes, *sse.routes], lifespan=http.lifespan)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


@contextlib.asynccontextmanager
async def killed_at_the_end() -> AsyncIterator[str]:
    """Serve MCP from a process of its own, which is killed at the block's end."""
    port = free_ports(1)[0]
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVER, str(port))
    try:
        async with asyncio.timeout(60):
            while not await _listens(port):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["sse", "http"])
async def test_a_call_without_a_server_is_told_from_its_replies(
    transport: Literal["sse", "http"], spec: Any, start: Any, told: Any, driver: Any
) -> None:
    """A server that dies between two calls: the driver knows the second's error as the CLI's own word on it."""
    async with killed_at_the_end() as url:
        server = ServerSpec(name="lab", url=url, transport=transport, token=TASK_TOKEN, tools=("lookup",))
        running = asyncio.create_task(start(spec("PLAY two-lookups", servers=(server,))))
        async with asyncio.timeout(40):
            await told.answered.wait()
    await running
    first, second = told.results("lookup")
    assert not driver.lost(first.text)
    assert (second.ok, driver.lost(second.text)) == (False, True), second.text
