"""A house with two workers of the obedient engine, and what kills its parts while tasks are under way."""

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
from agent_contracts import TaskEvent, TaskResult
from agent_engine.engines.registry import GROUP
from agent_stores.errors import StoreError
from agent_stores.pool import DATABASE_ERRORS
from chaos.agent import LABEL, NAME, REPOSITORY, SCENARIO
from core.agent_engine.skill_folder import write_skill
from fixtures.house import RunningHouse, Worker, running_house, worker
from house.paths import ROOT

SKILL = "look"
ATTEMPTS = 20
SLOTS = 8
STARTS = 5
LEASE_SECONDS = 5.0
PAUSE_SECONDS = 1.5
GRANT = {
    "github": {
        "tools": ["issue_read", "issue_write", "add_issue_comment"],
        "resources": {"repositories": [REPOSITORY]},
        "mode": "write",
    }
}
TARGET = f"{REPOSITORY}#${{input.issue}}"
FAULTS: dict[str, tuple[dict[str, Any], ...]] = {
    "github": (
        {"fault": "status", "status": 503, "times": 10, "match": {"path_regex": f"^/repos/{REPOSITORY}"}},
        {"fault": "apply_then_drop", "times": 3, "match": {"method": "POST", "path_regex": "/comments$"}},
        {"fault": "rate_limit", "seconds": 2, "times": 5, "match": {"path_regex": f"^/repos/{REPOSITORY}"}},
    ),
    "model": (
        {"fault": "status", "status": 529, "times": 10, "match": {"path_regex": "^/v1/messages$"}},
        {"fault": "cut", "times": 5, "match": {"path_regex": "^/v1/messages$"}},
    ),
}
THINKS = {"text": "A line of text. " * 30, "delay": 0.2, "pause": 0.04}
"""What the model says in about a second."""
STORES = ("postgres", "valkey")
KILLED = ("worker", "github-mcp", "github-api", "model-api", *STORES)
PARTS = (*KILLED, *FAULTS)


@dataclass
class Ground:
    """The house under chaos, and how often each of its parts was struck."""

    house: RunningHouse
    folder: Path
    stack: ExitStack
    workers: list[Worker] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)

    @property
    def kills(self) -> int:
        """How often a part was killed."""
        return sum(self.struck[part] for part in KILLED)

    def start_worker(self) -> None:
        """Start one more worker and wait until it is ready; one that ends for want of a store is started again."""
        for _ in range(STARTS):
            made = worker(
                self.house,
                transport="http",
                slots=SLOTS,
                lease_seconds=LEASE_SECONDS,
                skills=[self.folder / "skills"],
                WORKER_ENGINES=NAME,
                WORKER_RETRY_SECONDS="0.5",
                PYTHONPATH=os.pathsep.join(map(str, (self.folder / "site", ROOT / "tests", ROOT / "scripts"))),
            )
            with contextlib.suppress(AssertionError):
                self.workers.append(self.stack.enter_context(made))
                return
        raise AssertionError(f"no worker became ready in {STARTS} starts")

    async def set_up(self, count: int) -> None:
        """Make a repository with so many issues, and what the model says of each."""
        issues = [{"title": f"It crashes ({number})", "user": "mona", "body": "An error."} for number in range(count)]
        repository = {"full_name": REPOSITORY, "labels": [{"name": LABEL}], "issues": issues}
        reply = await self.house.github("POST", "/_stand-in/repositories", json=repository)
        assert reply.status == 201, reply.text
        reply = await self.house.model("PUT", f"/_stand-in/scenarios/{SCENARIO}", json={"steps": [THINKS]})
        assert reply.status == 201, reply.text

    async def strike(self, part: str) -> None:
        """Kill a part of the house, or have a vendor fail; what was killed starts again, and what is down is left."""
        match part:
            case "worker":
                self.workers.pop(0).kill()
                await asyncio.to_thread(self.start_worker)
            case "github" | "model":
                fault = FAULTS[part][self.struck[part] % len(FAULTS[part])]
                vendor = self.house.github if part == "github" else self.house.model
                assert (await vendor("POST", "/_stand-in/faults", json=fault)).ok
            case _:
                running = self._processes(part)
                if not running:
                    return
                for process in running:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
        self.struck[part] += 1

    def _processes(self, part: str) -> list[psutil.Process]:
        """List the processes of a part; those of a store are below the stores'."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.house.pids()["stores" if part in STORES else part])
            below = process.children(recursive=True)
            return [one for one in below if part in one.name()] if part in STORES else [process]
        return []

    async def unfinished(self) -> int:
        """Count the tasks that have not ended; while PostgreSQL is away some may be left."""
        try:
            async with self.house.database() as pool:
                left: int = await pool.fetchval("select count(*) from ledger.tasks where finished_at is null")
                return left
        except (*DATABASE_ERRORS, StoreError):
            return 1

    async def until_all_ended(self, *, kills: int, within: float) -> None:
        """Strike all parts in turns until all tasks have ended; after so many kills only wait."""
        chance, turn = random.Random(7), list(PARTS)
        async with asyncio.timeout(within):
            while await self.unfinished():
                if self.kills < kills:
                    turn = turn or chance.sample(PARTS, len(PARTS))
                    await self.strike(turn.pop())
                await asyncio.sleep(PAUSE_SECONDS)

    async def end(self, task_id: UUID) -> tuple[TaskResult, list[TaskEvent]]:
        """Give a task's result and events."""
        return TaskResult.model_validate((await self.house.view(task_id))["result"]), await self.house.events(task_id)


@contextmanager
def chaotic(folder: Path) -> Iterator[Ground]:
    """Bring up a house with two workers of the engine."""
    write_skill(
        folder / "skills",
        SKILL,
        grant=GRANT,
        engine=NAME,
        max_attempts=str(ATTEMPTS),
        concurrency_key=f"issue:{TARGET}",
        required_effects=f"github/issue_write[labels]@{TARGET} github/add_issue_comment@{TARGET}",
    )
    site = folder / "site" / "obedient_engine-1.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: obedient-engine\nVersion: 1\n")
    (site / "entry_points.txt").write_text(f"[{GROUP}]\n{NAME} = chaos.agent:engine\n")
    with running_house() as house, ExitStack() as stack:
        ground = Ground(house, folder, stack)
        for _ in range(2):
            ground.start_worker()
        yield ground
