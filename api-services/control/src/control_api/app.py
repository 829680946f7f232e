"""Puts control together: one ASGI app from its settings, stores and files."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from functools import partial
from importlib.metadata import version

import asyncpg
from agent_effects import migrations as effects_migrations
from agent_ledger import Notifications, UnreadableRow
from agent_ledger import migrations as ledger_migrations
from agent_stores.migrate import assert_current
from agent_stores.pool import DATABASE_ERRORS
from prometheus_client import CollectorRegistry, Counter
from service_kit.access import AccessFile
from service_kit.guard import HostGuard, Misdirected
from service_kit.health import health_routes
from service_kit.log import get_logger
from service_kit.supervised import BackgroundLoops, Loop
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from control_api.auth import HttpDoors
from control_api.errors import Refusal, answer_refusal, answer_unrouted
from control_api.feeds.runner import FeedRunner
from control_api.migrations import OWNERS
from control_api.openapi.document import document
from control_api.proposals.policy import PolicyFile
from control_api.proposals.policy_worker import ROUND_SECONDS, PolicyWorker
from control_api.proposals.routes import Proposals
from control_api.settings import ControlSettings
from control_api.sources.instances import Instances
from control_api.sources.registry import Sources, installed_sources
from control_api.tasks.events import EventStreams
from control_api.tasks.routes import Tasks
from control_api.webhooks import deliveries
from control_api.webhooks.routes import Webhooks
from control_api.webhooks.trigger_dry_run import TriggerDryRun
from control_api.webhooks.triggers import TriggersFile

VERSION = version("agent-bot-control-api")
PRUNE_EVERY_SECONDS = 3600.0
LISTEN_WAIT_SECONDS = 1.0
"""The longest wait before new events are listened for again; meanwhile event streams look every two seconds."""
POLICY_WAIT_SECONDS = 5.0
"""The longest wait before proposals are looked at again after a failure."""


def build(
    settings: ControlSettings, pool: asyncpg.Pool, environ: Mapping[str, str], *, sources: Sources | None = None
) -> ASGIApp:
    """Make the app.

    Args:
        settings: control's own.
        pool: the database.
        environ: the variables at start, where the sources' own settings and secrets are.
        sources: the sources of events; left out for all that are installed.

    Raises:
        ConfigError: the access, triggers or policy file or a source's variable is wrong.
    """
    registry = CollectorRegistry()
    sources = installed_sources() if sources is None else sources
    refusals = Counter("control_refusals", "Requests refused", ["reason"], registry=registry)
    access, triggers = AccessFile(settings.access_file), TriggersFile(settings.triggers_file, sources.all)
    webhooks = Instances("webhooks", access, sources.webhooks, environ)
    feeds = Instances("feeds", access, sources.feeds, environ)
    doors, notifications = HttpDoors(access), Notifications()
    tasks = Tasks(pool, doors)
    policy = PolicyFile(settings.proposals_file)
    worker = PolicyWorker(pool, policy, registry)

    async def prune() -> None:
        async with pool.acquire() as connection:
            await deliveries.prune(connection)

    background = BackgroundLoops(
        [
            Loop(
                "notifications",
                lambda: notifications.listen_until_lost(pool),
                longest=LISTEN_WAIT_SECONDS,
                expected=DATABASE_ERRORS,
            ),
            Loop("pruning", prune, every=PRUNE_EVERY_SECONDS, expected=DATABASE_ERRORS),
            Loop(
                "policy-worker",
                worker.round,
                every=ROUND_SECONDS,
                longest=POLICY_WAIT_SECONDS,
                expected=DATABASE_ERRORS,
            ),
            *FeedRunner(pool, feeds, triggers, registry).loops(),
        ],
        registry,
    )

    async def database() -> None:
        for owner in (*OWNERS, ledger_migrations, effects_migrations):
            await assert_current(pool, owner.SCHEMA, owner.VERSIONS)

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
        refusal = Refusal(500, "unreadable", str(error), "Tell the operator.")
        refusals.labels(refusal.reason).inc()
        return refusal.response()

    async def described(_: Request) -> Response:
        return JSONResponse(document(VERSION, sources.webhooks))

    files = {"access": access.fault, "triggers": triggers.fault}
    changed = {name: partial(fault, look=True) for name, fault in files.items()}
    limit = settings.max_webhook_bytes
    routes = [
        *health_routes(
            service="control-api",
            version=VERSION,
            checks={"database": database},
            registry=registry,
            warnings={
                **files,
                "policy": policy.fault,
                "webhooks": webhooks.fault,
                "feeds": feeds.fault,
                **background.faults(),
            },
        ),
        Route("/openapi.json", described),
        *Webhooks(pool, webhooks, triggers, limit=limit, registry=registry).routes(),
        *EventStreams(pool, tasks, notifications, most=settings.max_streams).routes(),
        *tasks.routes(),
        *Proposals(pool, doors).routes(),
        *TriggerDryRun(pool, doors, webhooks, feeds, triggers, changed).routes(),
    ]

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with background.running():
            yield

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
