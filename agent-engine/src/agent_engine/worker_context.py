"""What every attempt of one worker shares."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import agent_effects
import asyncpg
from agent_contracts import TaskResult
from agent_stores.pool import open_pool, open_redis
from redis.asyncio import Redis
from service_kit.access import AccessFile
from service_kit.access_lint import unknown_names
from service_kit.errors import ConfigError
from service_kit.log import get_logger
from service_kit.settings import unset_env
from service_kit.tokens import Signer

from agent_engine.confinement.folders import folder_of_runs
from agent_engine.confinement.probe import probe
from agent_engine.engines.protocol import Engine
from agent_engine.engines.registry import EngineSetup, load_engines
from agent_engine.event_publisher import EventPublisher
from agent_engine.metrics import Metrics
from agent_engine.run_control import Pacer
from agent_engine.server_watch import ServerWatch
from agent_engine.settings import WorkerSettings
from agent_engine.skills.load import SkillRegistry, load_registry

POOL_EXTRA = 6
"""Connections beside one for each slot: drain, claim, outbox and counting."""

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class WorkerContext:
    """One worker's stores, keys, skills and engines, and where its runs may keep files while they last."""

    settings: WorkerSettings
    runs: Path
    pool: asyncpg.Pool
    redis: Redis
    access: AccessFile
    signer: Signer
    registry: SkillRegistry
    engines: Mapping[str, Engine]
    live: EventPublisher
    metrics: Metrics
    pacer: Pacer
    servers: ServerWatch

    def claimable(self) -> dict[str, str]:
        """Give the version of each skill whose MCP servers have all answered since the worker started."""
        return {
            name: skill.version
            for name, skill in self.registry.skills.items()
            if self.servers.have_answered(skill.settings.servers)
        }

    @property
    def snapshots(self) -> Path:
        """Where skills' files lie as they were when the skill was loaded."""
        return self.settings.worker_folder.resolve() / "skills"

    async def complete(self, result: TaskResult) -> TaskResult:
        """Add what model-api and the gateways recorded to a result."""
        await agent_effects.estimate_open(self.pool, result.task_id)
        spend = await agent_effects.spent(self.pool, result.task_id)
        effects = await agent_effects.effects_of(self.pool, result.task_id)
        cost = {"cost_usd": spend.usd, "estimated_usd": spend.estimated_usd}
        return result.model_copy(update=cost | {"usage": spend.usage, "effects": effects})


@asynccontextmanager
async def open_context(settings: WorkerSettings) -> AsyncIterator[WorkerContext]:
    """Open everything that a worker needs, and close it again.

    Raises:
        ConfigError: a file, key or store is missing or wrong; names it and the remedy.
        SkillError: the skills' folders cannot be used as they are.
    """
    registry = load_registry(settings.skill_folders())
    for warning in registry.warnings:
        log.warning("skill", warning=warning)
    found = await probe(bounds=settings.bounds(), cgroups=settings.cgroups())
    if found.reduced:
        log.warning("confinement_reduced", detail=found.detail, remedy=found.remedy)
    if found.confinement.limits.why:
        log.warning("limits_reduced", limits=found.confinement.limits.name, why=found.confinement.limits.why)
    access = AccessFile(settings.access_file)
    for warning in unknown_names(
        settings.access_file, access.current(), vendors=settings.vendors, skills=registry.skills
    ):
        log.warning("access", file=str(settings.access_file), warning=warning)
    signer = Signer(settings.agent_signing_key_file, settings.agent_jwks_file)
    fault = signer.fault()
    if fault is not None:
        raise ConfigError(fault)
    engines = load_engines(settings.engine_names(), EngineSetup(confinement=found.confinement, environ=os.environ))
    unset_env(*(key for engine in engines.values() if (key := engine.capabilities.own_key)))
    redis = open_redis(settings.redis_url.get_secret_value())
    pool = await open_pool(
        settings.database_url.get_secret_value(), size=settings.worker_slots + POOL_EXTRA, application="agent-engine"
    )
    try:
        with folder_of_runs(settings.worker_folder, other_uid=found.confinement.other_uid) as runs:
            yield WorkerContext(
                settings=settings,
                runs=runs,
                pool=pool,
                redis=redis,
                access=access,
                signer=signer,
                registry=registry,
                engines=engines,
                live=EventPublisher(redis),
                metrics=Metrics(),
                pacer=Pacer(settings.worker_start_seconds),
                servers=watch_of(settings, registry),
            )
    finally:
        await redis.aclose()
        await pool.close()


def watch_of(settings: WorkerSettings, registry: SkillRegistry) -> ServerWatch:
    """Watch the servers that these skills need."""
    needed = {name for skill in registry.skills.values() for name in skill.settings.servers}
    return ServerWatch(
        {name: settings.server_url(vendor) for name, vendor in sorted(settings.vendors.items()) if name in needed}
    )
