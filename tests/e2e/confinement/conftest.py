"""A run whose agent has a shell of its own, played once, with all that it found and what its tokens open afterwards."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import agent_ledger
import pytest
from agent_contracts import TaskEvent, TaskResult
from agent_contracts.event import ToolResult
from agent_engine.confinement.bwrap import python_program
from agent_vendors import load
from fixtures.house import RunningHouse, Worker, worker
from fixtures.stores import run_apart
from house.paths import ROOT, ports_of

PORTS = ports_of(load())

REPOSITORY = "acme/confined"
SKILLS = Path(__file__).parents[1] / "skills"
CANARY = "canary-of-the-worker-0123456789abcdef"
PRESENT = ["/run/files/mcp.json", "/skill/probe.py"]
"""What is there: the probe has eyes."""
OWN = ("github-mcp", "model-api")
"""The only processes that the run may call."""
OUTSIDE = ("192.0.2.1:80", "192.0.2.1:53")
"""Called inside only after it was seen there that nothing leads out."""


@dataclass(frozen=True)
class Shell:
    """A run with a shell.

    Attributes:
        found: what `probe.py` printed.
        tokens: the run's own tokens, as the agent sent them out past every masking.
        kept: all that is kept of the run: events, result and transcript.
        worker: who ran it.
    """

    task: UUID
    result: TaskResult
    events: list[TaskEvent]
    found: Mapping[str, Any]
    tokens: Mapping[str, str]
    kept: str
    worker: Worker


@pytest.fixture(scope="session")
def shell(house: RunningHouse) -> Shell:
    """What an agent with a shell found, once its run has ended."""
    run_apart(_prepare(house))
    with worker(house, slots=2, skills=[SKILLS], pool="confined", HOUSE_CANARY=CANARY) as made:
        found: Shell = run_apart(_play(house, made))
    return found


def address(house: RunningHouse, process: str) -> str:
    """Give a process's address as host:port."""
    return f"127.0.0.1:{house.paths.ports[process]}"


def hidden_paths(house: RunningHouse, made: Worker) -> list[str]:
    """Give files and folders that a run must not see."""
    home = house.paths.home
    ours = [home, home / "access.yaml", home / "secrets/signing-key.json", home / "secrets/ref.key", home / "stores"]
    ours += [home / "runs", made.folder, made.folder / "runs", made.log_file, house.paths.runtime, ROOT, SKILLS]
    theirs = ["/root", "/etc/shadow", "/etc/ssl/private", "/sys/kernel", "/var/lib", "/home/root", str(Path.home())]
    return [*map(str, ours), *theirs, f"/proc/{made.pid}/environ"]


async def _prepare(house: RunningHouse) -> None:
    issue = {"title": "Look around", "user": "mona", "body": "Run the probe."}
    made = {"full_name": REPOSITORY, "labels": [{"name": "bug"}], "issues": [issue]}
    reply = await house.github("POST", "/_stand-in/repositories", json=made)
    assert reply.status == 201, reply.text


async def _play(house: RunningHouse, made: Worker) -> Shell:
    asked = {
        "paths": [*hidden_paths(house, made), *PRESENT],
        "addresses": [*(address(house, name) for name in PORTS), *OUTSIDE],
    }
    python = [python_program(), "-I"]
    probe, tokens = (
        shlex.join([*python, "/skill/probe.py", json.dumps(asked)]),
        shlex.join([*python, "/skill/tokens.py"]),
    )
    await house.scenario(
        "shell-looks-around",
        {
            "skill": "shell",
            "steps": [
                {"text": "I look around.", "tool": "Bash", "input": {"command": probe}},
                {"text": "And I take what I have.", "tool": "Bash", "input": {"command": f"{tokens}; env"}},
                {"tool": "issue_read", "input": {"method": "get", "repository": REPOSITORY, "issue": 1}},
                {
                    "structured": {
                        "output": {"answer": "Looked around."},
                        "claims": [{"statement": "The issue was read.", "refs": "{{ refs.issue_read[:1] }}"}],
                    }
                },
            ],
        },
    )
    task = await house.submit("shell", {"repository": REPOSITORY, "issue": 1}, pool="confined")
    result = await house.result(task, within=120)
    events = await house.events(task)
    said = [event.body.text for event in events if isinstance(event.body, ToolResult) and event.body.tool == "Bash"]
    assert len(said) == 2, result
    sent = json.loads(said[1].splitlines()[0])
    async with house.database() as pool:
        transcript = await agent_ledger.get_transcript(pool, task)
    assert transcript is not None
    kept = [event.model_dump_json() for event in events]
    return Shell(
        task,
        result,
        events,
        json.loads(said[0]),
        {name: bytes.fromhex(text).decode()[::-1] for name, text in sent.items()},
        "\n".join([*kept, result.model_dump_json(), transcript.decode()]),
        made,
    )
