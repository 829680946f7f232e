"""Engines under one suite, loaded by name through their entry points; the made-up ones as somebody else's package."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from agent_contracts.event import Body
from agent_engine.confinement.protocol import Confinement
from agent_engine.engines.outcome import RunOutcome
from agent_engine.engines.protocol import Engine
from agent_engine.engines.registry import GROUP, EngineSetup, load_engines
from agent_engine.run_control import StopSignal
from agent_engine.spec import RunSpec, ServerSpec
from conformance.engines.registry import SUBJECTS, Playing
from core.agent_engine.conftest import answering_server, engine_confinement, place, tmp_path

__all__ = ["answering_server", "engine_confinement", "place", "tmp_path"]

MADE_UP = ("murmur", "echo")
TOKENS = ("model-token-of-this-run", "task-token-of-this-run")


@dataclass
class Heard:
    """What a run told."""

    events: list[Body] = field(default_factory=list)
    sessions: list[bytes] = field(default_factory=list)
    first: asyncio.Event = field(default_factory=asyncio.Event)

    async def event(self, body: Body) -> None:
        """Take an event."""
        self.events.append(body)
        self.first.set()

    async def session(self, content: bytes) -> None:
        """Take a session."""
        self.sessions.append(content)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the made-up engines: a distribution with entry points."""
    folder = tmp_path / "site" / "made_up_engines-1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up-engines\nVersion: 1\n")
    lines = "".join(f"{name} = conformance.engines.made_up:{name}\n" for name in MADE_UP)
    (folder / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}broken = conformance.engines.nothing:engine\n")
    monkeypatch.syspath_prepend(str(folder.parent))


@pytest.fixture(params=SUBJECTS)
def engine(request: pytest.FixtureRequest, installed: None, engine_confinement: Confinement, tmp_path: Path) -> Engine:
    """Each engine in turn."""
    name, program = request.param, tmp_path / "program"
    subject = SUBJECTS[name]
    environ = {variable: value.format(program=program) for variable, value in subject.environ.items()}
    loaded = load_engines([name], EngineSetup(confinement=engine_confinement, environ=environ))[name]
    return loaded if subject.write is None else Playing(loaded, program, subject.write)


@pytest.fixture
def heard() -> Heard:
    """What the run tells."""
    return Heard()


@pytest.fixture
def stop() -> StopSignal:
    """What stops the run."""
    return StopSignal()


@pytest.fixture
def play(engine: Engine, heard: Heard, stop: StopSignal, tmp_path: Path) -> Callable[..., Awaitable[RunOutcome]]:
    """Let the engine play; the keywords replace fields of the run's specification."""

    async def played(name: str, **fields: Any) -> RunOutcome:
        known: dict[str, Any] = {
            "task_id": uuid.UUID(int=1),
            "attempt": 1,
            "folder": tmp_path / "run",
            "system_prompt": "",
            "prompt": f"PLAY {name}",
            "model": "m",
            "model_api_url": "http://127.0.0.1:9",
            "model_token": TOKENS[0],
            "servers": (ServerSpec(name="github", url="http://127.0.0.1:9/mcp", transport="http", token=TOKENS[1]),),
            "max_turns": 5,
            "wall_seconds": 30,
            "idle_seconds": 20,
            "session_id": uuid.UUID(int=2),
        }
        return await engine.run(RunSpec(**(known | fields)), heard, stop)

    return played
