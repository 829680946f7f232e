"""The server starts where Python does: without the modules of Unix, and without uvloop."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fixtures.ports import free_ports
from github_mcp.settings import GitHubSettings
from service_kit.errors import ConfigError
from service_kit.settings import load

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


@pytest.mark.slow
def test_control_c_ends_it_at_once_over_stdio() -> None:
    """It does not wait for a line on standard input, and prints no traceback."""
    hello = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
    with subprocess.Popen(
        [sys.executable, "-m", "github_mcp"], env=ENVIRON, stdin=-1, stdout=-1, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(hello)
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5) == -signal.SIGINT
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("server", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("ghe.example.com", "https://ghe.example.com/api/v3"),
        ("https://octo.ghe.com", "https://api.octo.ghe.com"),
    ],
)
def test_the_peers_name_of_an_enterprise_server_is_understood(server: str, api: str) -> None:
    """GITHUB_HOST leads to that server's API, and its token nowhere else; GITHUB_API_URL wins over it."""
    assert load(GitHubSettings, {"GITHUB_HOST": server}).api_url == api
    assert load(GitHubSettings, {"GITHUB_HOST": server, "GITHUB_API_URL": "https://a"}).api_url == "https://a"


def test_a_server_that_is_none_stops_the_start() -> None:
    """The variable is named."""
    with pytest.raises(ConfigError, match="GITHUB_HOST='two words' is not usable"):
        load(GitHubSettings, {"GITHUB_HOST": "two words"})
