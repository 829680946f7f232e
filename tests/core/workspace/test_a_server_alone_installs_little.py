"""github-mcp alone: what comes with it is a known list, and it serves with nothing else installed."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

import httpx
import pytest
from core.mcp_kit.speaking import MODES, client
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fixtures.ports import free_ports
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from service_kit.bearer import new_token, token_hash

pytestmark = pytest.mark.apart

OURS = "agent-bot-contracts agent-bot-github-mcp agent-bot-mcp-kit agent-bot-service-kit agent-bot-vendors"
KITS = "prometheus-client pyyaml structlog httpx httpcore certifi"
FASTMCP = """
    annotated-types anyio attrs cffi click cryptography dnspython email-validator exceptiongroup fastmcp-slim h11
    httpcore2 httpx2 idna jsonschema jsonschema-specifications markdown-it-py mcp mcp-types mdurl opentelemetry-api
    platformdirs pycparser pydantic pydantic-core pydantic-settings pygments pyjwt python-dotenv python-multipart
    referencing rich rpds-py sse-starlette starlette truststore typing-extensions typing-inspection uvicorn
    beartype cachetools joserfc packaging py-key-value-aio uncalled-for
"""
KNOWN = set(f"{OURS} {KITS} {FASTMCP}".split())
START = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)

sys.meta_path.insert(0, Absent())
from github_mcp.__main__ import main
main()
"""
SERVER = "agent-bot-github-mcp"


def installed_with(name: str) -> set[str]:
    """Return a distribution and all that its installation brings on this platform, without its extras."""
    found: set[str] = set()
    waiting = [Requirement(name)]
    while waiting:
        wanted = waiting.pop()
        for extra in wanted.extras or {""}:
            key = f"{canonicalize_name(wanted.name)}[{extra}]"
            if key not in found:
                found.add(key)
                needed = map(Requirement, distribution(wanted.name).requires or [])
                waiting += [each for each in needed if not each.marker or each.marker.evaluate({"extra": extra})]
    return {key.partition("[")[0] for key in found}


@pytest.fixture(scope="module")
def alone() -> list[str]:
    """The options that let Python run github-mcp where no module of a distribution is found that it does not bring."""
    brought = installed_with(SERVER)
    absent = {
        module
        for module, owners in packages_distributions().items()
        if brought.isdisjoint(map(canonicalize_name, owners))
    }
    assert {"uvloop", "cyclopts"} <= absent
    return ["-W", "error", "-c", f"ABSENT = {absent!r}{START}"]


@pytest.fixture(scope="module")
def over_http(alone: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server that runs so over HTTP: its URL, and the token of somebody who may use it."""
    (port,) = free_ports(1)
    token, access = new_token("person"), tmp_path_factory.mktemp("alone") / "access.yaml"
    bound = {"tools": ["list_issues"], "resources": {"repositories": ["*"]}, "mode": "read"}
    access.write_text(
        json.dumps({"people": {"ada": {"token_sha256": [token_hash(token)], "vendors": {"github": bound}}}})
    )
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, *alone, "--transport", "http", "--port", str(port)],
        env={"GITHUB_TOKEN": "none", "ACCESS_FILE": str(access)},
    ) as process:
        try:
            _until_healthy(url)
            yield url, token
        finally:
            process.terminate()
    assert process.returncode in (0, -signal.SIGTERM)


def _until_healthy(url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
        except httpx.TransportError:
            assert time.monotonic() < end
            time.sleep(0.05)
        else:
            return


def test_a_server_alone_brings_only_known_distributions() -> None:
    """What reaches everybody who installs github-mcp is named here first, once it is known to be needed."""
    assert installed_with(SERVER) - KNOWN == set()


@pytest.mark.slow
async def test_a_server_alone_serves_over_stdio(alone: list[str], tmp_path: Path) -> None:
    """Over stdio github-mcp lists and calls its tools with what it brings."""
    transport = StdioTransport(
        sys.executable, alone, env={"GITHUB_TOKEN": "none"}, log_file=tmp_path / "log", keep_alive=False
    )
    await _lists_and_calls(Client(transport))


@pytest.mark.parametrize("mode", MODES)
async def test_a_server_alone_serves_over_http(mode: str, over_http: tuple[str, str]) -> None:
    """Over HTTP github-mcp serves a caller with a token with what it brings, in each mode of the protocol."""
    url, token = over_http
    await _lists_and_calls(client(url, mode, token))


async def _lists_and_calls(client: Client[Any]) -> None:
    async with client as speaking:
        assert "list_issues" in {tool.name for tool in await speaking.list_tools()}
        refused = await speaking.call_tool("list_issues", {"repository": "no repository"}, raise_on_error=False)
        assert refused.is_error
