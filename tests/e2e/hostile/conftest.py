"""Runs over a hostile issue and a hostile input, played once, and what was seen of them from outside."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from agent_contracts import TaskEvent, TaskResult
from agent_contracts.event import ToolCall, ToolResult
from e2e.hostile.words import BODY, ORDERS, TRICKS
from fixtures.house import RunningHouse, worker
from fixtures.stores import run_apart
from house.paths import command

REPOSITORY = "acme/hostile"
ELSEWHERE = "octocat/secret-plans"
SCENARIOS = Path(__file__).parent / "scenarios"
SKILLS = Path(__file__).parents[1] / "skills"
PLAYED = ("issue-triage", "obeys", "obeys-only")
"""A scenario for each issue, in order: the normal one, and models that do what they are told."""
INPUT = "input"
SHOW = {
    "tail": ("tail", "{task}"),
    "events": ("show", "{task}", "--events"),
    "transcript": ("show", "{task}", "--transcript"),
}
"""Commands that print what strangers and models said, by name."""
SHOWN = [
    ("obeys", "tail"),
    ("obeys", "events"),
    ("obeys", "transcript"),
    ("issue-triage", "transcript"),
    (INPUT, "tail"),
]


@dataclass(frozen=True)
class Seen:
    """A run over hostile text.

    Attributes:
        asked: the bodies that reached the model, as they came.
    """

    task: UUID
    result: TaskResult
    events: list[TaskEvent]
    asked: list[dict[str, Any]]

    @property
    def calls(self) -> list[tuple[ToolCall, ToolResult]]:
        """Every tool call with its result."""
        bodies = [event.body for event in self.events]
        results = {body.call_id: body for body in bodies if isinstance(body, ToolResult)}
        return [(body, results[body.call_id]) for body in bodies if isinstance(body, ToolCall)]


@dataclass(frozen=True)
class Hostility:
    """All runs by what was played, what GitHub saw while they lasted, and what the command line prints of them.

    Attributes:
        printed: into a pipe, by `SHOWN`.
        on_terminal: what `show --events` prints of the obedient run to a terminal.
    """

    runs: Mapping[str, Seen]
    printed: Mapping[tuple[str, str], bytes]
    on_terminal: bytes
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    requests: list[dict[str, Any]]


@pytest.fixture(scope="session")
def hostility(house: RunningHouse) -> Hostility:
    """What became of runs over a hostile issue, with a normal and with obedient models, and over a hostile input."""
    run_apart(_prepare(house))
    with worker(house, slots=4, skills=[SKILLS], pool="hostile"):
        seen: Hostility = run_apart(_play(house))
    return seen


async def _prepare(house: RunningHouse) -> None:
    issues = [{"title": f"Crash {TRICKS}", "user": "mallory", "body": BODY} for _ in PLAYED]
    labels = [{"name": "bug"}, {"name": "question"}]
    made = {"full_name": REPOSITORY, "labels": labels, "issues": issues}
    reply = await house.github("POST", "/_stand-in/repositories", json=made)
    assert reply.status == 201, reply.text
    for path in SCENARIOS.glob("*.yaml"):
        scenario = _tricked(yaml.safe_load(path.read_text()))
        await house.scenario(path.stem, scenario)
    for number, name in enumerate(PLAYED, 1):
        marked = rf'(?s)"issue": {number}\b.{{0,40}}"{REPOSITORY}"|"{REPOSITORY}".{{0,40}}"issue": {number}\b'
        await house.scenario(f"hostile-{name}", {"like": name, "match": {"regex": marked}})
    answer = {"structured": {"output": {"answer": TRICKS}, "claims": []}}
    await house.scenario("hostile-input", {"skill": "answer", "match": "/cost", "steps": [answer]})


def texts(value: Any) -> list[str]:
    """Give every text inside a JSON value."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in texts(item)]


def _tricked(value: Any) -> Any:
    """Put the terminal's tricks in the places that a scenario keeps for them."""
    if isinstance(value, str):
        return value.replace("TRICKS", TRICKS)
    if isinstance(value, dict):
        return {key: _tricked(item) for key, item in value.items()}
    return [_tricked(item) for item in value] if isinstance(value, list) else value


async def _play(house: RunningHouse) -> Hostility:
    before = await _elsewhere(house)
    known = len(await _requests(house))
    async with asyncio.TaskGroup() as group:
        tasks = {
            name: group.create_task(_seen(house, "issue-triage", {"repository": REPOSITORY, "issue": number}))
            for number, name in enumerate(PLAYED, 1)
        }
        tasks[INPUT] = group.create_task(_seen(house, "answer", ORDERS))
    runs = {name: task.result() for name, task in tasks.items()}
    requests = (await _requests(house))[known:]
    after = await _elsewhere(house)
    printed = await asyncio.gather(*(_printed(house, name, runs[run].task) for run, name in SHOWN))
    on_terminal = await asyncio.to_thread(_on_terminal, house, _argv("events", runs["obeys"].task))
    return Hostility(runs, dict(zip(SHOWN, printed, strict=True)), on_terminal, before, after, requests)


async def _seen(house: RunningHouse, skill: str, given: Any) -> Seen:
    task = await house.submit(skill, given, pool="hostile")
    result = await house.result(task, within=120)
    asked = [request["body"] for request in await house.asked(result.session)]
    return Seen(task, result, await house.events(task), asked)


def _argv(name: str, task: UUID) -> list[str]:
    return [command("agent-engine"), *(part.format(task=task) for part in SHOW[name])]


async def _printed(house: RunningHouse, name: str, task: UUID) -> bytes:
    """Give what a command prints into a pipe."""
    argv = _argv(name, task)
    done = await asyncio.to_thread(subprocess.run, argv, env=house.engine_env(), capture_output=True, check=False)
    assert not done.stderr, done.stderr
    return done.stdout


def _on_terminal(house: RunningHouse, argv: list[str]) -> bytes:
    """Give what a command prints to a terminal."""
    ours, theirs = os.openpty()
    env = house.engine_env(TERM="xterm-256color", COLUMNS="200")
    with subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs):
        os.close(theirs)
        said = bytearray()
        with contextlib.suppress(OSError):  # Linux says the end of a terminal so
            while piece := os.read(ours, 65536):
                said += piece
    os.close(ours)
    return bytes(said)


async def _elsewhere(house: RunningHouse) -> dict[str, Any]:
    """Give the repositories that the runs have no business with."""
    state = (await house.github("GET", "/_stand-in/state")).json()["repositories"]
    return {name: held for name, held in state.items() if name in (ELSEWHERE, "octocat/hello-world")}


async def _requests(house: RunningHouse) -> list[dict[str, Any]]:
    """Give what GitHub was asked so far."""
    listed: list[dict[str, Any]] = (await house.github("GET", "/_stand-in/requests")).json()
    return listed
