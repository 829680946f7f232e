"""Where the cases take place: a repository with an issue for each, doors of their own, and the tasks' ends."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from agent_contracts import TaskEvent, TaskResult
from agent_contracts.event import ToolResult
from e2e.verdicts.cases import CASES, Case
from fixtures.house import RunningHouse
from service_kit.bearer import token_hash
from service_kit.http import HttpClient

REPOSITORY = "acme/verdicts"
POOL = "verdicts"
POOL_DOWN = "verdicts-down"
SCENARIOS = Path(__file__).parent / "scenarios"
WITHIN_SECONDS = 120.0
DROPPED = {"fault": "drop_labels", "times": 9}
OPEN = {"resources": {"repositories": [REPOSITORY]}, "mode": "write"}
SILENT = {**OPEN, "tools": ["issue_read", "list_labels", "find_similar_issues", "search_issues", "issue_write"]}
LOOK = {**OPEN, "mode": "read"}
TENANTS: Mapping[str, Mapping[str, Any]] = {"narrow": SILENT, "watcher": LOOK}
DOORS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "reader": ("default", LOOK),
    "mute": ("default", SILENT),
    "narrow": ("narrow", OPEN),
    "watcher": ("watcher", OPEN),
}
"""Doors by name: their tenant, and what they open at GitHub. The tenants `narrow` and `watcher` open less than that."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case; `asked` are the requests of its last attempt that reached the model."""

    case: Case
    issue: int
    task: UUID
    result: TaskResult
    events: list[TaskEvent]
    asked: list[dict[str, Any]]

    def results(self, tool: str) -> list[ToolResult]:
        """Give the results of a tool, in order."""
        return [event.body for event in self.events if isinstance(event.body, ToolResult) and event.body.tool == tool]


def number_of(case: Case) -> int:
    """Give a case's issue."""
    return CASES.index(case) + 1


def token_of(door: str) -> str:
    """Give the token that opens a door of `DOORS`."""
    return f"door_of-the-tests-{door}"


async def prepare(house: RunningHouse, cases: Iterable[Case]) -> None:
    """Make repository, doors and scenarios; GitHub drops the labels of one issue."""
    issues = [
        {
            "title": f"Crash in part {number}",
            "user": "mona",
            "body": f"The program stops with an error in part {number}.",
        }
        for number in range(1, len(CASES) + 1)
    ]
    labels = [{"name": name} for name in ("bug", "documentation", "question")]
    repository: dict[str, Any] = {"full_name": REPOSITORY, "labels": labels, "issues": issues}
    reply = await house.github("POST", "/_stand-in/repositories", json=repository)
    assert reply.status == 201, reply.text
    dropped = next(number_of(case) for case in CASES if case.name == "labels-dropped")
    fault = {**DROPPED, "match": {"method": "PATCH", "path_regex": f"^/repos/{REPOSITORY}/issues/{dropped}$"}}
    reply = await house.github("POST", "/_stand-in/faults", json=fault)
    assert reply.status == 204, reply.text
    open_doors(house)
    for path in SCENARIOS.glob("*.yaml"):
        await house.scenario(path.stem, path.read_text())
    for case in cases:
        if case.triage and case.play is not None and case.name != "ref-of-another-task":
            await house.scenario(f"case-{case.name}", {"like": case.play, "match": {"regex": mark(number_of(case))}})


def mark(issue: int) -> str:
    """Give the expression that finds the task of an issue in its prompt."""
    return rf'(?s)"issue": {issue}\b.{{0,40}}"{REPOSITORY}"|"{REPOSITORY}".{{0,40}}"issue": {issue}\b'


def open_doors(house: RunningHouse) -> None:
    """Add the tests' own doors and tenants to access.yaml; processes look at it once a second."""
    path = house.paths.home / "access.yaml"
    access = yaml.safe_load(path.read_text())
    for name, github in TENANTS.items():
        access["tenants"][name] = {"vendors": {"github": dict(github)}}
    for name, (tenant, github) in DOORS.items():
        access["http"][name] = {
            "tenant": tenant,
            "skills": ["*"],
            "pools": ["*"],
            "vendors": {"github": dict(github)},
            "token_sha256": [token_hash(token_of(name))],
        }
    written = path.with_suffix(".new")
    written.write_text(yaml.safe_dump(access))
    written.rename(path)
    time.sleep(1.1)


async def play(house: RunningHouse, cases: Iterable[Case]) -> dict[str, Outcome]:
    """Submit every case, those that mostly wait first, and give what became of each."""
    async with asyncio.TaskGroup() as group:
        success: asyncio.Task[Outcome] | None = None
        playing = {}
        for case in sorted(cases, key=lambda one: (one.name != "success", one.triage)):
            if case.name == "success":
                success = playing[case.name] = group.create_task(_outcome(house, case))
            elif case.name != "ref-of-another-task":
                playing[case.name] = group.create_task(_outcome(house, case))
        for case in cases:
            if case.name == "ref-of-another-task":
                assert success is not None
                playing[case.name] = group.create_task(_with_ref_of(house, case, success))
    return {name: task.result() for name, task in playing.items()}


async def _with_ref_of(house: RunningHouse, case: Case, other: asyncio.Task[Outcome]) -> Outcome:
    """Play a case whose only claim cites what another task was given."""
    ref = (await other).result.claims[0].refs[0]
    scenario = yaml.safe_load((SCENARIOS / "one-claim.yaml").read_text())
    scenario["steps"][-1]["structured"]["claims"] = [{"statement": "The issue was read.", "refs": [ref]}]
    number = number_of(case)
    await house.scenario(f"case-{case.name}", {**scenario, "name": case.name, "match": {"regex": mark(number)}})
    return await _outcome(house, case)


async def _outcome(house: RunningHouse, case: Case) -> Outcome:
    number = number_of(case)
    given: Any = {"repository": REPOSITORY, "issue": number} if case.triage else f"What now? SCENARIO:{case.play}"
    task = {"skill": case.skill, "input": given, "pool": POOL_DOWN if case.down else POOL, **case.fields}
    token = house.paths.secret("control.door") if case.door == "control" else token_of(case.door)
    headers = {"authorization": f"Bearer {token}"}
    async with HttpClient(base_url=house.paths.url("control"), headers=headers) as control:
        reply = await control.request("POST", "/v1/tasks", json=task)
        assert reply.ok, reply.text
        task_id = UUID(reply.json()["id"])
        try:
            result = await _result(control, task_id)
        except TimeoutError as late:
            bodies = [repr(event.body)[:300] for event in await house.events(task_id)]
            raise AssertionError(f"{case.name}: {late}\n" + "\n".join(bodies)) from None
    asked = [request["body"] for request in await house.asked(result.session)]
    return Outcome(case, number, task_id, result, await house.events(task_id), asked)


async def _result(control: HttpClient, task_id: UUID) -> TaskResult:
    end = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < end:
        shown = (await control.request("GET", f"/v1/tasks/{task_id}")).json()
        if shown["result"] is not None:
            return TaskResult.model_validate(shown["result"])
        await asyncio.sleep(0.25)
    raise TimeoutError(f"no result within {WITHIN_SECONDS:.0f} s: {shown}")
