"""Puts control together: one ASGI app from its settings, stores and files."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from functools import partial
from importlib.metadata import version

import asyncpg
from agent_effects import migrations as effects_migrations
from agent_ledger import Notifications
from agent_ledger import migrations as ledger_migrations
from agent_stores.migrate import assert_current
from agent_stores.pool import DATABASE_ERRORS
from prometheus_client import CollectorRegistry
from service_kit.access import AccessFile
from service_kit.connection_limit import ConnectionLimit
from service_kit.event_stream import SafeEventStreams
from service_kit.guard import HostGuard
from service_kit.health import health_routes
from service_kit.supervised import BackgroundLoops, Loop
from service_kit.trailing_slash import WithoutTrailingSlash
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from control_api.counted_requests import CountedRequests, Shares
from control_api.errors import ErrorAnswers
from control_api.feeds.runner import FeedRunner
from control_api.logged_faults import LoggedFaults
from control_api.migrations import OWNERS
from control_api.openapi.document import document
from control_api.optional_file import OptionalFile
from control_api.proposals.policy import Policy, read_policy
from control_api.proposals.policy_worker import ROUND_SECONDS, PolicyWorker
from control_api.proposals.routes import Proposals
from control_api.settings import ControlSettings
from control_api.sources.instances import Instances
from control_api.sources.registry import Sources, installed_sources
from control_api.sources.unknown_accounts import UnknownAccounts
from control_api.tasks.events import EventStreams
from control_api.tasks.routes import Tasks
from control_api.webhooks import deliveries
from control_api.webhooks.routes import Webhooks
from control_api.webhooks.trigger_dry_run import TriggerDryRun
from control_api.webhooks.triggers import Triggers, closed_triggers, read_triggers

VERSION = version("agent-bot-control-api")
PRUNE_EVERY_SECONDS = 3600.0
LISTEN_WAIT_SECONDS = 1.0
"""The longest wait before new events are listened for again; meanwhile event streams look every two seconds."""
POLICY_WAIT_SECONDS = 5.0
"""The longest wait before proposals are looked at again after a failure."""


def build(
    settings: ControlSettings, pool: asyncpg.Pool, environ: Mapping[str, str], *, sources: Sources | None = None
) -> ASGIApp:
    """Make the app, by default with all installed sources, whose own settings and secrets are read from `environ`.

    Raises:
        ConfigError: the access, triggers or policy file or a source's variable is wrong.
    """
    registry = CollectorRegistry()
    sources = installed_sources() if sources is None else sources
    answers = ErrorAnswers(registry)
    access = AccessFile(settings.access_file)
    triggers = OptionalFile(settings.triggers_file, partial(read_triggers, sources=sources.all), Triggers())
    webhooks = Instances("webhooks", access, sources.webhooks, environ)
    feeds = Instances("feeds", access, sources.feeds, environ)
    notifications = Notifications()
    tasks = Tasks(pool, access)
    streams = ConnectionLimit("control_event_streams", "event streams", most=settings.max_streams, registry=registry)
    policy = OptionalFile(settings.proposals_file, read_policy, Policy())
    worker = PolicyWorker(pool, policy, registry)

    following = FeedRunner(pool, feeds, triggers, registry).loops()
    background = BackgroundLoops(
        [
            Loop(
                "notifications",
                lambda: notifications.listen_until_lost(pool),
                longest=LISTEN_WAIT_SECONDS,
                expected=DATABASE_ERRORS,
            ),
            Loop("pruning", lambda: deliveries.prune(pool), every=PRUNE_EVERY_SECONDS, expected=DATABASE_ERRORS),
            Loop(
                "policy-worker",
                worker.round,
                every=ROUND_SECONDS,
                longest=POLICY_WAIT_SECONDS,
                expected=DATABASE_ERRORS,
            ),
            *following,
        ],
        registry,
    )

    unknown_accounts = UnknownAccounts(pool, (webhooks, feeds))

    async def database() -> None:
        for owner in (*OWNERS, ledger_migrations, effects_migrations):
            await assert_current(pool, owner.SCHEMA, owner.VERSIONS)
        await unknown_accounts.look()

    async def described(_: Request) -> Response:
        return JSONResponse(document(VERSION, sources.webhooks))

    def closed() -> list[str]:
        return closed_triggers(triggers.current(), access.current())

    def failing_feeds() -> str | None:
        failing = sum(loop.fault() is not None for loop in following)
        return f"{failing} fail: `background_failed` in this process's log says why" if failing else None

    own_loops = {name: fault for name, fault in background.faults().items() if not name.startswith("feed:")}
    files = {"access.yaml": access.fault, "triggers.yaml": triggers.fault}
    changed = {name: partial(fault, look=True) for name, fault in files.items()}
    told = {
        "triggers that start nothing": LoggedFaults("trigger_starts_nothing", "{} can start nothing", closed),
        "webhooks": LoggedFaults("webhook_opens_nothing", "{} open nothing", webhooks.faults),
        "feeds": LoggedFaults("feed_opens_nothing", "{} open nothing", feeds.faults),
        "own accounts": LoggedFaults(
            "unknown_account", "{} by which gateways write are not named", unknown_accounts.faults
        ),
    }
    limit, shares = settings.max_webhook_bytes, Shares(settings)
    routes = [
        *health_routes(
            service="control-api",
            version=VERSION,
            checks={"database": database},
            registry=registry,
            warnings={
                **files,
                "proposals.yaml": policy.fault,
                **{name: faults.fault for name, faults in told.items()},
                "followed feeds": failing_feeds,
                **own_loops,
            },
        ),
        Route("/openapi.json", described),
        *Webhooks(pool, webhooks, triggers, shares, limit=limit, registry=registry).routes(),
        *EventStreams(pool, tasks, notifications, streams).routes(),
        *tasks.routes(),
        *Proposals(pool, access).routes(),
        *TriggerDryRun(pool, access, webhooks, feeds, triggers, changed).routes(),
    ]

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with background.running():
            yield

    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=answers.handlers())

    return HostGuard(
        SafeEventStreams(WithoutTrailingSlash(CountedRequests(app, shares, access, webhooks, answers.counted))),
        allowed_hosts=settings.hosts,
        allowed_origins=settings.origins,
        proxies=settings.proxies,
        answer=answers.misdirected,
        browsers=True,
    )
