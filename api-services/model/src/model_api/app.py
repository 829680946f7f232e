"""Puts model-api together: the routes of its dialect, and those that every process here has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from agent_effects import migrations
from agent_effects.model_api_instances import BEAT_SECONDS
from agent_stores.migrate import assert_current
from agent_stores.pool import DATABASE_ERRORS
from prometheus_client import CollectorRegistry
from service_kit.access import AccessFile
from service_kit.connection_limit import ConnectionLimit
from service_kit.event_stream import SafeEventStreams
from service_kit.guard import HostGuard, Misdirected
from service_kit.health import health_routes
from service_kit.http import HttpClient
from service_kit.rate_limit import RateLimiter
from service_kit.supervised import BackgroundLoops, Loop
from service_kit.tokens import MODEL_AUDIENCE, Verifier
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from model_api import __version__
from model_api.audit import Audit
from model_api.dialect import Dialect, Operation
from model_api.dialects.messages import MessagesDialect
from model_api.errors import ModelRefusal
from model_api.exchange import Exchange
from model_api.prices import Prices, read_prices
from model_api.settings import ModelSettings
from model_api.spending import Spending

MAX_CONNECTIONS = 500


def build(settings: ModelSettings, *, pool: asyncpg.Pool, dialect: Dialect | None = None) -> Starlette:
    """Make the app; the dialect is the Messages API by default, and the caller closes the pool.

    Raises:
        ConfigError: the credential, a price, the keys file or the access file is missing or wrong.
    """
    spoken = dialect or MessagesDialect()
    refusals = Refusals(spoken)
    prices = Prices(settings.served, read_prices(settings.model_prices), spoken.price)
    verifier = Verifier(settings.agent_jwks_file, audience=MODEL_AUDIENCE)
    registry = CollectorRegistry()
    audit = Audit(registry, models=prices.models)
    limiter = RateLimiter()
    access = AccessFile(settings.access_file) if settings.access_file is not None else None
    spending = Spending(pool, prices, access, output_per_second=settings.model_output_per_second)
    connections = ConnectionLimit("model_connections", "requests", most=MAX_CONNECTIONS, registry=registry)
    upstream = HttpClient(
        base_url=settings.model_upstream_url,
        timeout=settings.upstream_seconds,
        headers=settings.credential() | {"user-agent": f"agent-bot-model-api/{__version__}"},
        max_connections=MAX_CONNECTIONS,
        proxy=settings.upstream_proxy,
    )

    background = BackgroundLoops(
        [Loop("instances", spending.look_after_instances, every=BEAT_SECONDS, longest=5.0, expected=DATABASE_ERRORS)],
        registry,
    )

    def route(operation: Operation) -> Route:
        endpoint = Exchange(
            spoken, operation, settings, verifier, prices, spending, upstream, audit, connections, limiter
        )
        return Route(operation.path, endpoint, methods=["POST"])

    async def database() -> None:
        await assert_current(pool, migrations.SCHEMA, Path(migrations.VERSIONS))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with upstream:
            async with background.running():
                yield
            await spending.drain()

    app = Starlette(
        routes=[
            *(route(operation) for operation in spoken.operations),
            *health_routes(
                service="model-api",
                version=__version__,
                checks={"database": database},
                registry=registry,
                warnings={"keys": verifier.fault, **background.faults()}
                | ({"access.yaml": access.fault} if access else {}),
            ),
        ],
        middleware=[
            Middleware(
                HostGuard,
                allowed_hosts=settings.hosts,
                allowed_origins=settings.origins,
                proxies=settings.proxies,
                answer=refusals.misdirected,
            ),
            Middleware(SafeEventStreams),
        ],
        exception_handlers={404: refusals.unrouted, 405: refusals.unrouted, 500: refusals.failed},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


class Refusals:
    """Answers in the dialect's form what never reaches one of its operations."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    async def unrouted(self, request: Request, error: Exception) -> Response:
        """Refuse a path or method that is not served."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        served = " or ".join(f"POST {operation.path}" for operation in self._dialect.operations)
        reason = "method" if status == 405 else "unknown_route"
        return self._answer(reason, f"{request.method} {request.url.path[:200]}: use {served}")

    def misdirected(self, found: Misdirected) -> Response:
        """Refuse what is for another host, or comes from a web page."""
        return self._answer(found.reason, f"{found.message}: {found.remedy}")

    async def failed(self, _: Request, __: Exception) -> Response:
        """Answer after an error in model-api itself; the server logs it."""
        return self._answer("internal", "model-api failed: its log says how")

    def _answer(self, reason: str, message: str) -> Response:
        refusal = ModelRefusal(reason, message)
        return refusal.response(self._dialect.error(refusal))
