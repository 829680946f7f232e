"""A model stand-in, a small MCP server on both transports, and runs of the real CLI against them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

import httpx
import pytest
from agent_contracts.event import Body, ToolCall, ToolResult
from agent_engine.confinement.probe import probe
from agent_engine.confinement.protocol import Confinement
from agent_engine.drivers.claude.command_line import Claude
from agent_engine.engines.cli_engine import CliEngine
from agent_engine.engines.outcome import RunOutcome
from agent_engine.errors import DriverError
from agent_engine.run_control import StopSignal
from agent_engine.spec import RunSpec, ServerSpec
from fastmcp import FastMCP
from fastmcp.server.dependencies import get_http_headers
from fixtures.serving import serving
from stand_ins.model.app import build
from starlette.applications import Starlette

MODEL_TOKEN = "model-token-of-this-run-0123456789"
TASK_TOKEN = "task-token-of-this-run-0123456789"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"output": {"type": "object"}, "claims": {"type": "array"}},
    "required": ["output", "claims"],
}


@dataclass
class Lab:
    """The MCP server: where it is, and what it was asked with which authorization."""

    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Told:
    """What a run told the worker."""

    events: list[Body] = field(default_factory=list)
    sessions: list[bytes] = field(default_factory=list)
    first: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def event(self, body: Body) -> None:
        """Take an event."""
        self.events.append(body)
        self.first.set()
        if isinstance(body, ToolResult):
            self.answered.set()

    async def session(self, content: bytes) -> None:
        """Take a checkpoint of the session."""
        self.sessions.append(content)

    def results(self, tool: str) -> list[ToolResult]:
        """Give the results of a tool."""
        return [body for body in self.events if isinstance(body, ToolResult) and body.tool == tool]

    def calls(self, tool: str) -> list[ToolCall]:
        """Give the calls of a tool."""
        return [body for body in self.events if isinstance(body, ToolCall) and body.tool == tool]


@pytest.fixture
async def model() -> AsyncIterator[str]:
    """The model stand-in's address, with this folder's scenarios."""
    async with serving(build([Path(__file__).parent / "scenarios"])) as url:
        yield url


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    """An MCP server with `lookup` and `erase`, on /sse and /mcp."""
    lab = Lab()
    protocol: FastMCP[None] = FastMCP("lab")

    @protocol.tool(output_schema=None)
    def lookup(key: str) -> str:
        """Look a key up."""
        lab.asked.append((key, get_http_headers(include_all=True).get("authorization", "")))
        return f"Key {key}: all is well\nref: abcdefgh"

    @protocol.tool(output_schema=None)
    def erase(key: str) -> str:
        """Erase a key."""
        lab.asked.append((f"erase {key}", ""))
        return "gone"

    http = protocol.http_app(path="/mcp", stateless_http=True)
    sse = protocol.http_app(path="/sse", transport="sse")
    app = Starlette(routes=[*http.routes, *sse.routes], lifespan=http.lifespan)
    async with serving(app) as url:
        lab.url = url
        yield lab


@pytest.fixture
async def confinement() -> Confinement:
    """Bubblewrap, found as the worker finds it."""
    found = await probe()
    if found.reduced:
        pytest.skip(f"needs user namespaces: {found.remedy}")
    return found.confinement


@pytest.fixture
def driver() -> Claude:
    """The Claude driver, impatient."""
    claude = Claude(max_retries=1, api_timeout_seconds=20, mcp_timeout_seconds=5, tool_timeout_seconds=10)
    try:
        claude.program()
    except DriverError as error:
        pytest.skip(str(error))
    return claude


SpecOf = Callable[..., RunSpec]
Start = Callable[..., Awaitable[RunOutcome]]


@pytest.fixture
def spec(model: str, lab: Lab, tmp_path: Path) -> SpecOf:
    """Make a run's specification for a prompt; the keywords replace fields."""

    def made(prompt: str, *, transport: Literal["sse", "http"] = "sse", **fields: Any) -> RunSpec:
        known: dict[str, Any] = {
            "task_id": UUID(int=1),
            "attempt": 1,
            "folder": tmp_path / "run",
            "system_prompt": "Skill: trial\nSay what you find.",
            "prompt": prompt,
            "model": "claude-sonnet-5-5",
            "model_api_url": model,
            "model_token": MODEL_TOKEN,
            "servers": (ServerSpec(name="lab", url=lab.url, transport=transport, token=TASK_TOKEN, tools=("lookup",)),),
            "output_schema": SCHEMA,
            "max_turns": 10,
            "wall_seconds": 40,
            "idle_seconds": 30,
            "session_id": uuid4(),
        }
        return RunSpec(**(known | fields))

    return made


@pytest.fixture
def told() -> Told:
    """What the run tells."""
    return Told()


@pytest.fixture
def stop() -> StopSignal:
    """What stops the run."""
    return StopSignal()


@pytest.fixture
def start(driver: Claude, confinement: Confinement, told: Told, stop: StopSignal) -> Start:
    """Run a specification to its end."""

    async def started(of: RunSpec, **fields: Any) -> RunOutcome:
        engine = CliEngine(driver, fields.get("confinement", confinement))
        return await engine.run(of, told, stop)

    return started


@pytest.fixture
def asked_of_model(model: str) -> Callable[[], Awaitable[list[dict[str, Any]]]]:
    """Give the bodies of the requests that the model got."""

    async def asked() -> list[dict[str, Any]]:
        async with httpx.AsyncClient(verify=False) as client:
            reply = await client.get(f"{model}/_stand-in/requests")
        return [request["body"] for request in json.loads(reply.text) if "body" in request]

    return asked
