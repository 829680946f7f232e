"""A house with two workers of the obedient engine, and what kills its parts while tasks are under way."""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psutil
from agent_contracts import TaskEvent, TaskResult
from agent_engine.engines.registry import GROUP
from agent_stores.errors import StoreError
from agent_stores.pool import DATABASE_ERRORS
from chaos.agent import LABEL, NAME, REPOSITORY
from core.agent_engine.skill_folder import write_skill
from fixtures.house import RunningHouse, Worker, running_house, worker
from house.paths import ROOT

SKILL = "look"
ATTEMPTS = 20
SLOTS = 8
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
FAULTS = (
    {"fault": "status", "status": 503, "times": 10, "match": {"path_regex": f"^/repos/{REPOSITORY}"}},
    {"fault": "apply_then_drop", "times": 3, "match": {"method": "POST", "path_regex": "/comments$"}},
    {"fault": "rate_limit", "seconds": 2, "times": 5, "match": {"path_regex": f"^/repos/{REPOSITORY}"}},
)
PARTS = ("worker", "github-mcp", "github-api", "postgres", "valkey", "vendor")


@dataclass
class Ground:
    """The house under chaos, and how often each of its parts was struck."""

    house: RunningHouse
    folder: Path
    stack: ExitStack
    workers: list[Worker] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)

    def start_worker(self) -> None:
        """Start one more worker and wait until it is ready."""
        made = worker(
            self.house,
            transport="http",
            slots=SLOTS,
            lease_seconds=LEASE_SECONDS,
            skills=[self.folder / "skills"],
            WORKER_ENGINES=NAME,
            WORKER_RETRY_SECONDS="1",
            PYTHONPATH=os.pathsep.join(map(str, (self.folder / "site", ROOT / "tests", ROOT / "scripts"))),
        )
        self.workers.append(self.stack.enter_context(made))

    async def issues(self, count: int) -> None:
        """Make a repository with so many issues."""
        issues = [{"title": f"It crashes ({number})", "user": "mona", "body": "An error."} for number in range(count)]
        repository = {"full_name": REPOSITORY, "labels": [{"name": LABEL}], "issues": issues}
        reply = await self.house.github("POST", "/_stand-in/repositories", json=repository)
        assert reply.status == 201, reply.text

    async def strike(self, part: str) -> None:
        """Kill a part of the house, or have the vendor fail; what was killed starts again."""
        self.struck[part] += 1
        match part:
            case "worker":
                self.workers.pop(0).kill()
                await asyncio.to_thread(self.start_worker)
            case "vendor":
                fault = FAULTS[self.struck[part] % len(FAULTS)]
                assert (await self.house.github("POST", "/_stand-in/faults", json=fault)).ok
            case "postgres" | "valkey":
                _kill_store(self.house.pids()["stores"], part)
            case _:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.house.pids()[part], signal.SIGKILL)

    async def unfinished(self) -> int:
        """Count the tasks that have not ended; while PostgreSQL is away some may be left."""
        try:
            async with self.house.database() as pool:
                left: int = await pool.fetchval("select count(*) from ledger.tasks where finished_at is null")
                return left
        except (*DATABASE_ERRORS, StoreError):
            return 1

    async def until_all_ended(self, *, strikes: int, within: float) -> None:
        """Strike all parts in turns until all tasks have ended; after so many strikes only wait."""
        chance, turn = random.Random(7), list(PARTS)
        async with asyncio.timeout(within):
            while await self.unfinished():
                if self.struck.total() < strikes:
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


def _kill_store(stores: int, name: str) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(stores).children():
            if name in child.name():
                child.kill()
