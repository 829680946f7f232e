"""What every attempt of one worker shares."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import agent_effects
import asyncpg
from agent_contracts import TaskResult
from redis.asyncio import Redis
from service_kit.access import AccessFile
from service_kit.tokens import Signer

from agent_engine.confinement.layout import Confinement
from agent_engine.drivers.protocol import Driver
from agent_engine.live import Live
from agent_engine.metrics import Metrics
from agent_engine.process import Pacer
from agent_engine.settings import WorkerSettings
from agent_engine.skills.load import Shelf


@dataclass(frozen=True, kw_only=True)
class House:
    """One worker's stores, keys, skills and ways to run a CLI."""

    settings: WorkerSettings
    pool: asyncpg.Pool
    redis: Redis
    access: AccessFile
    signer: Signer
    shelf: Shelf
    drivers: Mapping[str, Driver]
    confinement: Confinement
    live: Live
    metrics: Metrics
    pacer: Pacer

    @property
    def runs(self) -> Path:
        """Where runs may keep files while they last."""
        return self.settings.folder.resolve() / "runs"

    @property
    def snapshots(self) -> Path:
        """Where skills' files lie as they were when the skill was loaded."""
        return self.settings.folder.resolve() / "skills"

    async def complete(self, result: TaskResult) -> TaskResult:
        """Add what model-api and the gateways recorded to a result."""
        spend = await agent_effects.spent(self.pool, result.task_id)
        effects = await agent_effects.effects_of(self.pool, result.task_id)
        return result.model_copy(update={"cost_usd": spend.usd, "usage": spend.usage, "effects": effects})
