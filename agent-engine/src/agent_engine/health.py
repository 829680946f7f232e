"""The worker's own HTTP: /health, /ready and /metrics."""

from functools import partial
from importlib.metadata import version

from agent_effects.migrations import SCHEMA as EFFECTS_SCHEMA
from agent_effects.migrations import VERSIONS as EFFECTS_VERSIONS
from agent_ledger.migrations import SCHEMA as LEDGER_SCHEMA
from agent_ledger.migrations import VERSIONS as LEDGER_VERSIONS
from agent_stores.migrate import assert_current
from service_kit.errors import ConfigError
from service_kit.guard import HostGuard
from service_kit.health import health_routes
from service_kit.settings import split_csv
from starlette.applications import Starlette
from starlette.types import ASGIApp

from agent_engine.worker_context import WorkerContext

SERVICE = "agent-engine"


def health_app(context: WorkerContext) -> ASGIApp:
    """Make the app; ready: both stores answer, their schemas are known here, and the signing key is public."""

    async def redis() -> None:
        await context.redis.ping()

    async def key() -> None:
        if fault := context.signer.fault():
            raise ConfigError(fault)

    routes = health_routes(
        service=SERVICE,
        version=version("agent-bot-engine"),
        checks={
            "ledger": partial(assert_current, context.pool, LEDGER_SCHEMA, LEDGER_VERSIONS),
            "effects": partial(assert_current, context.pool, EFFECTS_SCHEMA, EFFECTS_VERSIONS),
            "redis": redis,
            "key": key,
        },
        registry=context.metrics.registry,
        warnings={"access.yaml": context.access.fault, "servers": context.servers.fault},
    )
    return HostGuard(Starlette(routes=list(routes)), allowed_hosts=split_csv(context.settings.allowed_hosts))
