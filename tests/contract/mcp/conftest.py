"""Running servers for foreign clients, and the way to run such a client with nothing of this account's settings."""

import asyncio
import os
import re
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fixtures.serving import served_by_thread
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.app import build_app
from service_kit.settings import load
from stand_ins.github.app import build

NODE = "node@22"
CACHE = Path(__file__).parents[3] / "var" / "npm-cache"
TOKEN = "ghp_" + "c" * 36
PASSED = re.compile(r"(?i)(https?|no|all)_proxy$|npm_config_|NODE_EXTRA_CA_CERTS$|SSL_CERT_FILE$")
"""How npm's registry is reached: the only variables that a foreign client inherits."""


@dataclass(frozen=True)
class Ended:
    """How a foreign client ended."""

    status: int
    out: str
    err: str


Npx = Callable[..., Awaitable[Ended]]


async def run(*command: str, environ: dict[str, str], cwd: Path, timeout: float = 240) -> Ended:
    """Run a program to its end with exactly this environment."""
    process = await asyncio.create_subprocess_exec(
        *command, env=environ, cwd=cwd, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(timeout):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
def npx(tmp_path: Path) -> Npx:
    """Give what runs a package of npm's with node 22, in a HOME of its own."""
    if shutil.which("npx") is None:
        pytest.fail("npx is missing: install Node.js (any version; node 22 itself comes from npm)")
    registry = {name: value for name, value in os.environ.items() if PASSED.match(name)}
    environ = {**registry, "PATH": os.environ["PATH"], "HOME": str(tmp_path), "npm_config_cache": str(CACHE), "CI": "1"}
    npmrc = Path.home() / ".npmrc"
    if npmrc.exists():
        environ.setdefault("npm_config_userconfig", str(npmrc))

    async def running(package: str, *command: str, timeout: float = 240) -> Ended:
        return await run(
            "npx", "-y", "-p", NODE, "-p", package, *command, environ=environ, cwd=tmp_path, timeout=timeout
        )

    return running


@pytest.fixture(scope="module")
def github_mcp_url() -> Iterator[str]:
    """A running github-mcp in front of a stand-in GitHub."""
    with served_by_thread(build(tokens={TOKEN: "agent-bot"})) as github:
        settings = load(GitHubSettings, {"GITHUB_API_URL": github, "GITHUB_TOKEN": TOKEN})
        with served_by_thread(build_app(build_server(settings), settings)) as url:
            yield url
