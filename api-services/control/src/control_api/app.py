"""Puts control together: one ASGI app from its settings, stores and files."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version

import asyncpg
from agent_effects.migrations import SCHEMA as EFFECTS
from agent_effects.migrations import VERSIONS as EFFECTS_VERSIONS
from agent_ledger import Notifications, UnreadableRow
from agent_ledger.migrations import SCHEMA as LEDGER
from agent_ledger.migrations import VERSIONS as LEDGER_VERSIONS
from agent_stores.migrate import assert_current
from agent_stores.pool import DATABASE_ERRORS
from prometheus_client import CollectorRegistry, Counter
from service_kit.access import AccessFile
from service_kit.guard import HostGuard, Misdirected
from service_kit.health import health_routes
from service_kit.log import get_logger
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from control_api import deliveries
from control_api.auth import Doors
from control_api.errors import Refusal, answer_refusal, answer_unrouted
from control_api.events import EventStreams
from control_api.migrations import SCHEMA, VERSIONS
from control_api.openapi import document
from control_api.policy import PolicyFile
from control_api.policy_worker import PolicyWorker
from control_api.proposals import Proposals
from control_api.settings import ControlSettings
from control_api.tasks import Tasks
from control_api.trigger_dry_run import TriggerDryRun
from control_api.triggers import TriggersFile
from control_api.webhooks import Webhooks

VERSION = version("agent-bot-control-api")
PRUNE_EVERY_SECONDS = 3600.0


def build(settings: ControlSettings, pool: asyncpg.Pool) -> ASGIApp:
    """Make the app.

    Raises:
        ConfigError: the access, triggers or policy file is wrong.
    """
    registry = CollectorRegistry()
    refusals = Counter("control_refusals", "Requests refused", ["reason"], registry=registry)
    access, triggers, wakes = AccessFile(settings.access_file), TriggersFile(settings.triggers_file), Notifications()
    doors = Doors(access)
    tasks = Tasks(pool, doors)
    policy = PolicyFile(settings.proposals_file)
    deciding = PolicyWorker(pool, policy, registry)

    async def database() -> None:
        await assert_current(pool, SCHEMA, VERSIONS)
        await assert_current(pool, LEDGER, LEDGER_VERSIONS)
        await assert_current(pool, EFFECTS, EFFECTS_VERSIONS)

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        refusals.labels(error.reason).inc()
        get_logger(__name__).info("refused", reason=error.reason, path=request.url.path, status=error.status)
        return await answer_refusal(request, error)

    async def unavailable(_: Request, error: Exception) -> Response:
        get_logger(__name__).error("database", error=str(error))
        refusal = Refusal(503, "database", "the database does not answer", "Nothing was accepted: try again later.")
        refusals.labels(refusal.reason).inc()
        return refusal.response()

    async def unreadable(_: Request, error: Exception) -> Response:
        get_logger(__name__).error("unreadable", error=str(error))
        refusal = Refusal(500, "unreadable", str(error), "Tell the operator of this house.")
        refusals.labels(refusal.reason).inc()
        return refusal.response()

    async def described(_: Request) -> Response:
        return JSONResponse(document(VERSION))

    webhooks = Webhooks(settings, pool, access, triggers, registry)
    routes = [
        *health_routes(
            service="control-api",
            version=VERSION,
            checks={"database": database},
            registry=registry,
            warnings={"access": access.fault, "triggers": triggers.fault, "policy": policy.fault},
        ),
        Route("/openapi.json", described),
        *webhooks.routes(),
        *EventStreams(pool, tasks, wakes, most=settings.max_streams).routes(),
        *tasks.routes(),
        *Proposals(pool, doors).routes(),
        *TriggerDryRun(pool, access, doors, triggers, webhooks).routes(),
    ]

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        background = [asyncio.create_task(work) for work in (wakes.listen(pool), _prune(pool), deciding.run())]
        try:
            yield
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)

    handlers = {
        Refusal: refuse,
        HTTPException: answer_unrouted,
        UnreadableRow: unreadable,
        **dict.fromkeys(DATABASE_ERRORS, unavailable),
    }
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)

    def misdirected(found: Misdirected) -> Response:
        refusals.labels(found.reason).inc()
        return Refusal(found.status, found.reason, found.message, found.remedy).response()

    return HostGuard(app, allowed_hosts=settings.hosts, allowed_origins=settings.origins, answer=misdirected)


async def _prune(pool: asyncpg.Pool) -> None:
    while True:
        with contextlib.suppress(*DATABASE_ERRORS):
            async with pool.acquire() as connection:
                await deliveries.prune(connection)
        await asyncio.sleep(PRUNE_EVERY_SECONDS)
