"""Puts model-api together: the Messages API's two routes, and what every process here has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from agent_effects import migrations
from agent_stores.migrate import assert_current
from prometheus_client import CollectorRegistry
from service_kit.access import AccessFile
from service_kit.guard import HostGuard, Misdirected
from service_kit.health import health_routes
from service_kit.http import HttpClient
from service_kit.tokens import MODEL_AUDIENCE, Verifier
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from model_api import __version__
from model_api.audit import Audit
from model_api.errors import ModelRefusal
from model_api.exchange import Exchange
from model_api.messages import CountRequest, MessagesRequest
from model_api.prices import Prices, read_prices
from model_api.settings import ModelSettings
from model_api.spending import Spending

MAX_CONNECTIONS = 500


def build(settings: ModelSettings, *, pool: asyncpg.Pool) -> Starlette:
    """Make the app.

    Args:
        settings: the environment.
        pool: on the database where spending is recorded; the caller closes it.

    Raises:
        ConfigError: the credential, a price, the keys file or the access file is missing or wrong.
    """
    prices = Prices(settings.served, read_prices(settings.model_prices))
    verifier = Verifier(settings.agent_jwks_file, audience=MODEL_AUDIENCE)
    registry = CollectorRegistry()
    audit = Audit(registry, models=prices.models)
    access = AccessFile(settings.access_file) if settings.access_file is not None else None
    spending = Spending(pool, prices, access)
    upstream = HttpClient(
        base_url=settings.model_upstream_url,
        timeout=settings.upstream_seconds,
        headers=settings.credential() | {"user-agent": f"agent-bot-model-api/{__version__}"},
        max_connections=MAX_CONNECTIONS,
    )

    def exchange(route: str, kind: type[CountRequest]) -> Route:
        endpoint = Exchange(
            route,
            kind,
            settings=settings,
            verifier=verifier,
            prices=prices,
            spending=spending,
            upstream=upstream,
            audit=audit,
        )
        return Route(route, endpoint, methods=["POST"])

    async def database() -> None:
        await assert_current(pool, migrations.SCHEMA, Path(migrations.VERSIONS))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with upstream:
            yield
            await spending.drain()

    app = Starlette(
        routes=[
            exchange("/v1/messages", MessagesRequest),
            exchange("/v1/messages/count_tokens", CountRequest),
            *health_routes(
                service="model-api",
                version=__version__,
                checks={"database": database},
                registry=registry,
                warnings={"keys": verifier.fault} | ({"access": access.fault} if access else {}),
            ),
        ],
        middleware=[
            Middleware(HostGuard, allowed_hosts=settings.hosts, allowed_origins=settings.origins, answer=_misdirected),
        ],
        exception_handlers={404: _refuse, 405: _refuse, 500: _fail},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    """Refuse what is no route of the table."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    refusal = ModelRefusal(
        "method" if status == 405 else "unknown_route",
        f"{request.method} {request.url.path[:200]}: use POST /v1/messages or POST /v1/messages/count_tokens",
    )
    return refusal.response()


def _misdirected(found: Misdirected) -> Response:
    """Refuse what is for another host, or comes from a web page."""
    return ModelRefusal(found.reason, f"{found.message}: {found.remedy}").response()


async def _fail(_: Request, __: Exception) -> Response:
    """Answer what went wrong in here; the server logs it."""
    return ModelRefusal("internal", "model-api failed: its log says how").response()
