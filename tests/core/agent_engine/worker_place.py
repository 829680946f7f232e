"""A worker's context for tests: real stores, keys and confinement, and a script in place of the CLI."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import agent_ledger
import asyncpg
import yaml
from agent_contracts import Budget, Task, TaskEvent, TaskResult
from agent_engine.confinement.protocol import Confinement
from agent_engine.engines.cli_engine import CliEngine
from agent_engine.event_publisher import EventPublisher
from agent_engine.metrics import Metrics
from agent_engine.run_control import Pacer
from agent_engine.settings import WorkerSettings, load_addressed
from agent_engine.skills.load import load_registry
from agent_engine.spec import RunSpec
from agent_engine.worker import Worker
from agent_engine.worker_context import WorkerContext, watch_of
from agent_ledger import Replies
from core.agent_engine.script import Script
from core.agent_engine.skill_folder import GRANT, write_skill
from redis.asyncio import Redis
from service_kit.access import AccessFile, Door
from service_kit.grants import Bound
from service_kit.keys import write_keys
from service_kit.tokens import Signer

KEY = bytes(range(32))
OPEN: dict[str, Any] = {"github": {"resources": {"repositories": ["octocat/*"]}, "mode": "write"}}
DOOR = Door(
    name="cli",
    pools=["*"],
    skills=["*"],
    vendors={"github": Bound.model_validate(OPEN["github"])},
    budget=Budget(usd=1),
)


@dataclass
class Place:
    """Where a test's workers are."""

    folder: Path
    database_url: str
    redis_url: str
    pool: asyncpg.Pool
    redis: Redis
    confinement: Confinement
    server_url: str = "http://127.0.0.1:9"

    def settings(self, **change: object) -> WorkerSettings:
        """Give a worker's settings: impatient, with a short lease."""
        environ = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "ACCESS_FILE": str(self.folder / "access.yaml"),
            "AGENT_SIGNING_KEY_FILE": str(self.folder / "key.json"),
            "AGENT_REF_KEY": KEY.hex(),
            "GITHUB_MCP_URL": self.server_url,
            "WORKER_FOLDER": str(self.folder / "runs"),
            "WORKER_START_SECONDS": "0",
            "WORKER_RETRY_SECONDS": "0.1",
            "WORKER_POLL_SECONDS": "0.2",
            "WORKER_LEASE_SECONDS": "5",
            "WORKER_GRACE_SECONDS": "20",
            "WORKER_NAME": "w1",
        }
        return load_addressed(WorkerSettings, {**environ, **{key: str(value) for key, value in change.items()}})

    def context(self, driver: Script, **change: object) -> WorkerContext:
        """Give a worker's context."""
        settings = self.settings(**change)
        registry = load_registry([self.folder / "skills"])
        return WorkerContext(
            settings=settings,
            runs=self.folder / "runs",
            pool=self.pool,
            redis=self.redis,
            access=AccessFile(settings.access_file),
            signer=Signer(settings.agent_signing_key_file, settings.agent_jwks_file),
            registry=registry,
            engines={driver.name: CliEngine(driver, self.confinement)},
            live=EventPublisher(self.redis),
            metrics=Metrics(),
            pacer=Pacer(settings.worker_start_seconds),
            servers=watch_of(settings, registry),
        )

    @asynccontextmanager
    async def working(self, lines: Callable[[RunSpec], list[str]], **change: object) -> AsyncIterator[Script]:
        """Have a worker work on scripts while the block runs, then stop it in order."""
        driver = Script(lines)
        context = self.context(driver, **change)
        stop = asyncio.Event()
        worker = Worker(context, Replies({}), database_url=self.database_url)
        task = asyncio.create_task(worker.serve(stop))
        try:
            while not await agent_ledger.list_skills(self.pool):
                await asyncio.sleep(0.01)
            yield driver
        finally:
            stop.set()
            await task

    async def submit(self, skill: str, given: Any = None, *, door: Door = DOOR, **task: Any) -> UUID:
        """Submit a task."""
        request = Task(skill=skill, input=given or {"repository": "octocat/hello-world"}, **task)
        return (await agent_ledger.submit(self.pool, request, door=door)).id

    async def result(self, task_id: UUID, seconds: float = 20) -> TaskResult:
        """Wait for a task's result."""
        async with asyncio.timeout(seconds):
            while (result := await agent_ledger.get_result(self.pool, task_id)) is None:
                await asyncio.sleep(0.02)
        return result

    async def events(self, task_id: UUID) -> list[TaskEvent]:
        """Give a task's events."""
        return await agent_ledger.events(self.pool, task_id)

    async def until(self, task_id: UUID, kind: str, seconds: float = 20) -> None:
        """Wait for an event of a kind in the ledger."""
        async with asyncio.timeout(seconds):
            while not any(event.body.kind == kind for event in await self.events(task_id)):
                await asyncio.sleep(0.02)


def furnish(folder: Path) -> None:
    """Write keys, doors and two skills: `plain` without servers, and `look`, which demands a proven read."""
    (folder / "runs").mkdir(mode=0o711)
    write_keys(folder / "key.json", folder / "jwks.json")
    doors = {
        "tenants": {"default": {"vendors": OPEN}},
        "streams": {"agent:tasks": {"skills": ["*"], "vendors": OPEN}},
    }
    (folder / "access.yaml").write_text(yaml.safe_dump(doors))
    skills = folder / "skills"
    write_skill(skills, "plain", servers=None, required_tools=None, required_effects=None, grant={})
    write_skill(skills, "look", required_effects=None, grant=GRANT)
