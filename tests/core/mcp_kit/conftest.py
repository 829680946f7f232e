"""Keys, tokens and running sample servers for the kit's tests."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from agent_contracts import Grant
from core.mcp_kit.sample import SampleTools, sample_server
from fixtures.serving import served_by_thread, serving
from mcp_kit.app import build_app
from mcp_kit.settings import ServerSettings
from service_kit.bearer import new_token, token_hash
from service_kit.keys import write_keys
from service_kit.settings import load
from service_kit.tokens import Signer

TASK = UUID("0199aaaa-0000-7000-8000-000000000001")
REF_KEY = "ab" * 32


@dataclass(frozen=True)
class House:
    """The files that a server with authentication needs, and the tokens that open it."""

    environ: dict[str, str]
    signer: Signer
    person: str

    def token(self, **changes: Any) -> str:
        """Sign a task token; what is not named is usual."""
        grant = Grant(tools=["read_note", "list_rows"], resources={"repositories": ["octocat/hello"]})
        usual: dict[str, Any] = {
            "task": TASK,
            "attempt": 1,
            "tenant": "default",
            "vendor": "github",
            "audience": ["github-mcp", "github-api"],
            "grant": grant,
            "lifetime_seconds": 60,
        }
        return self.signer.task_token(**{**usual, **changes})


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Keys and an access file with one person, who may read notes of one repository."""
    folder = tmp_path_factory.mktemp("house")
    private, public, access = folder / "key.json", folder / "jwks.json", folder / "access.yaml"
    write_keys(private, public)
    person = new_token("person")
    bound = {"tools": ["read_note"], "resources": {"repositories": ["octocat/*"]}, "mode": "read"}
    entry = {"token_sha256": [token_hash(person)], "vendors": {"github": bound}}
    access.write_text(json.dumps({"people": {"ada": entry}}))
    environ = {"AGENT_JWKS_FILE": str(public), "ACCESS_FILE": str(access), "AGENT_REF_KEY": REF_KEY}
    return House(environ, Signer(private), person)


@dataclass(frozen=True)
class Running:
    """A running sample server."""

    url: str
    tools: SampleTools


Start = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def start() -> Start:
    """Give what starts a sample server with an environment."""

    @asynccontextmanager
    async def starting(**environ: str) -> AsyncIterator[Running]:
        tools = SampleTools()
        app = build_app(sample_server(tools), load(ServerSettings, environ))
        async with serving(app) as url:
            yield Running(url, tools)

    return starting


def _for_a_session(environ: dict[str, str]) -> Iterator[Running]:
    tools = SampleTools()
    settings = load(ServerSettings, {"MCP_CALLS_PER_MINUTE": "60000", **environ})
    with served_by_thread(build_app(sample_server(tools), settings)) as url:
        yield Running(url, tools)


@pytest.fixture(scope="session")
def open_for_a_session() -> Iterator[Running]:
    """A sample server without authentication, for all tests."""
    yield from _for_a_session({})


@pytest.fixture(scope="session")
def closed_for_a_session(house: House) -> Iterator[Running]:
    """A sample server that demands a token, for all tests."""
    yield from _for_a_session(house.environ)


@pytest.fixture
def open_server(open_for_a_session: Running) -> Running:
    """A sample server without authentication, which was asked nothing yet."""
    open_for_a_session.tools.asked.clear()
    return open_for_a_session


@pytest.fixture
def closed_server(closed_for_a_session: Running) -> Running:
    """A sample server that demands a token, which was asked nothing yet."""
    closed_for_a_session.tools.asked.clear()
    return closed_for_a_session
