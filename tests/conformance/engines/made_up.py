"""Two made-up engines, as somebody else's package would bring them: `murmur` runs a CLI, `echo` has no process."""

import asyncio
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_contracts.event import Body, body_adapter
from agent_engine.confinement.sandbox_paths import SandboxPaths
from agent_engine.drivers.protocol import ProcessExit
from agent_engine.engines.cli_engine import CliEngine
from agent_engine.engines.outcome import Failure, RunOutcome
from agent_engine.engines.protocol import Capabilities, Sink
from agent_engine.engines.registry import EngineSetup
from agent_engine.spec import RunSpec
from conformance.engines.in_process import InProcessEngine
from conformance.engines.plays import Step, steps_of
from service_kit.errors import ConfigError

KEY_NAME = "MURMUR_KEY"
SESSION = "session.jsonl"


class Murmur:
    """Drives a shell script that prints JSON lines of its own, holds a key, and never exits after its answer."""

    name = "murmur"
    capabilities = Capabilities(stdin_message=False, output_schema=False, model_api=False, own_key=KEY_NAME)

    def __init__(self, key: str) -> None:
        self._key = key
        self.secrets = (key,)

    def program(self) -> Path:
        """Give the shell."""
        return Path("/bin/sh").resolve()

    def argv(self, spec: RunSpec, paths: SandboxPaths) -> list[str]:
        """Run the script, with the prompt as an argument."""
        return ["sh", f"{paths.files}/script", spec.prompt]

    def env(self, spec: RunSpec, paths: SandboxPaths) -> dict[str, str]:
        """Give its own key; there is no model token."""
        return {"PATH": "/usr/bin:/bin", "HOME": paths.home, KEY_NAME: self._key}

    def stdin(self, spec: RunSpec) -> bytes:
        """Give nothing."""
        return b""

    def files(self, spec: RunSpec, paths: SandboxPaths) -> dict[str, bytes]:
        """Give the script; what it says of its key, it reads from its environment."""
        lines = [line for step in steps_of(spec, "THE-KEY") for line in _shell(step)]
        text = "\n".join([*lines, "sleep 1000"]).replace("THE-KEY", f"'\"${KEY_NAME}\"'")
        return {"script": text.encode()}

    def restore(self, spec: RunSpec, paths: SandboxPaths) -> dict[str, bytes]:
        """Put the session back."""
        return {SESSION: spec.resume} if spec.resume else {}

    def session_path(self, spec: RunSpec, paths: SandboxPaths) -> str:
        """Say where the session lies."""
        return SESSION

    def stream(self, spec: RunSpec) -> "MurmurStream":
        """Make a reader of its lines."""
        return MurmurStream()

    def lost(self, error: str) -> bool:
        """Say no."""
        return False


def _shell(step: Step) -> list[str]:
    """Write a step as shell commands."""
    said: dict[str, Any] = {}
    if step.event is not None:
        said["tell"] = step.event.model_dump(mode="json")
    if step.servers is not None:
        said["servers"] = step.servers
    if step.answer is not None:
        said["answer"] = step.answer
    if step.gives_up is not None:
        said["gave_up"] = step.gives_up
    lines = [f"printf '%s\\n' {shlex.quote(json.dumps(said))}"] if said else []
    if step.remember is not None:
        lines.append(f"printf '%s\\n' {shlex.quote(json.dumps(step.remember))} >> $HOME/{SESSION}")
    return [*lines, f"sleep {step.wait}"] if step.wait else lines


class MurmurStream:
    """Reads murmur's lines."""

    def __init__(self) -> None:
        self.servers: Mapping[str, str] | None = None
        self.answered = False
        self.answer: Any = None
        self._gave_up: Failure | None = None

    def parse(self, line: bytes) -> list[Body]:
        """Give the events in a line."""
        said = json.loads(line)
        self.servers = said.get("servers", self.servers)
        self.answer = said.get("answer", self.answer)
        if "gave_up" in said:
            self._gave_up = Failure(*said["gave_up"])
        self.answered = self.answer is not None or self._gave_up is not None
        return [body_adapter.validate_python(said["tell"])] if "tell" in said else []

    def failure(self, end: ProcessExit) -> Failure | None:
        """Say why it gave up, or that it said nothing."""
        if self._gave_up is None and self.answer is None:
            return Failure("crashed", f"murmur ended with status {end.returncode} and no answer")
        return self._gave_up


async def _echo(spec: RunSpec, sink: Sink, secret: str) -> RunOutcome:
    servers: dict[str, str] = {}
    kept = spec.resume or b""
    for step in steps_of(spec, secret):
        servers = step.servers if step.servers is not None else servers
        if step.event is not None:
            await sink.event(step.event)
        if step.remember is not None:
            kept += json.dumps(step.remember).encode() + b"\n"
            await sink.session(kept)
        await asyncio.sleep(step.wait)
        if step.gives_up is not None:
            return RunOutcome(servers=servers, failure=Failure(*step.gives_up))
        if step.answer is not None:
            return RunOutcome(servers=servers, answer=step.answer)
    return RunOutcome(servers=servers)


def murmur(setup: EngineSetup) -> CliEngine:
    """Make the engine with a CLI."""
    return CliEngine(Murmur(_key(setup)), setup.confinement, answer_seconds=0.5)


def _key(setup: EngineSetup) -> str:
    if KEY_NAME not in setup.environ:
        raise ConfigError(f"{KEY_NAME} is not set: the made-up engines need a key of their own")
    return setup.environ[KEY_NAME]


def echo(setup: EngineSetup) -> InProcessEngine:
    """Make the engine without a process."""
    key = _key(setup)
    capabilities = Capabilities(model_api=False, own_key=KEY_NAME)
    return InProcessEngine("echo", lambda spec, sink: _echo(spec, sink, key), capabilities=capabilities, secrets=(key,))
