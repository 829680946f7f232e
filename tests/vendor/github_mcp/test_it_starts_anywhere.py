"""The server starts where Python does: without the modules of Unix, and without uvloop."""

import asyncio
import os
import sys
from pathlib import Path

import httpx
import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fixtures.ports import free_ports

PROGRAM = """
import sys
import mcp.server.stdio  # of itself it leaves fcntl out on Windows
for name in ("fcntl", "grp", "pwd", "resource", "termios", "uvloop"):
    sys.modules[name] = None
from github_mcp.__main__ import main
sys.exit(main())
"""
ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "GITHUB_TOKEN": "none"}
PROXY = {"HTTPS_PROXY": "http://user:password@proxy.example"}


@pytest.mark.slow
async def test_it_serves_stdio_without_the_modules_of_unix(tmp_path: Path) -> None:
    """Over stdio its tools are listed; a proxy of the environment that it does not use is named in the log."""
    log, environ = tmp_path / "log", ENVIRON | PROXY
    started = StdioTransport(sys.executable, ["-c", PROGRAM], env=environ, log_file=log, keep_alive=False)
    async with Client(started) as client:
        assert "issue_read" in [tool.name for tool in await client.list_tools()]
    assert "HTTPS_PROXY is set and not used" in log.read_text()
    assert "password" not in log.read_text()


@pytest.mark.slow
async def test_it_serves_http_without_the_modules_of_unix() -> None:
    """Over HTTP it is healthy."""
    (port,) = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, "--transport", "http", "--port", str(port), env=ENVIRON, stderr=-3
    )
    try:
        async with httpx.AsyncClient(verify=False) as http, asyncio.timeout(60):
            while True:
                try:
                    assert (await http.get(f"http://127.0.0.1:{port}/health")).status_code == 200
                    break
                except httpx.TransportError:
                    assert process.returncode is None
                    await asyncio.sleep(0.05)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
