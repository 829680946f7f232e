"""Puts a gateway together: its parts from the settings, its health, the Host check; and runs it as a process."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

import asyncpg
from agent_effects.migrations import SCHEMA, VERSIONS
from agent_stores.migrate import assert_current
from agent_stores.pool import open_pool, open_redis
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from service_kit.access import AccessFile
from service_kit.command import version_of
from service_kit.errors import NotReady
from service_kit.guard import HostGuard, Misdirected
from service_kit.health import Check, Warn, health_routes
from service_kit.http import HttpClient
from service_kit.log import configure, get_logger
from service_kit.rate_limit import Rate, RateLimiter
from service_kit.serve import serve
from service_kit.settings import environment
from service_kit.supervised import BackgroundLoops
from service_kit.tokens import Verifier
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response

from api_kit.admission import Admission
from api_kit.audit import Audit
from api_kit.breaker import BreakerConfig
from api_kit.callers import Callers
from api_kit.concurrency_limits import ConcurrencyLimits
from api_kit.credential_accounts import CredentialAccounts
from api_kit.credentials import TenantCredentials
from api_kit.effect_flow import EffectFlow
from api_kit.errors import Refusal
from api_kit.gateway import Gateway
from api_kit.reconciler import Reconciler
from api_kit.redis_rate_limiter import RedisRateLimiter
from api_kit.settings import PATIENCE_SECONDS, GatewaySettings
from api_kit.table import Table
from api_kit.upstream import Upstream
from api_kit.vendor import UpstreamVendor

CONNECTIONS = 1000
"""More than the places of one credential, so that none waits for a connection behind another that hangs."""


@asynccontextmanager
async def open_gateway(
    table: Table,
    vendor: UpstreamVendor,
    settings: GatewaySettings,
    *,
    base_url: str,
    tiers: Mapping[str, Rate] | None = None,
) -> AsyncIterator[Starlette]:
    """Open all connections of a gateway and yield its app; `tiers` has the rates that differ from the settings' one.

    Raises:
        ConfigError: a file or the database is not usable.
    """
    audience = f"{vendor.name}-api"
    access = AccessFile(settings.access_file)
    callers = Callers(access, Verifier(settings.agent_jwks_file, audience=audience), vendor=vendor.name)
    registry = CollectorRegistry()
    pool = await open_pool(settings.database_url, application=audience)
    redis = open_redis(settings.redis_url) if settings.redis_url else None
    limiter = RedisRateLimiter(redis, vendor=vendor.name) if redis else RateLimiter()
    http = HttpClient(
        base_url=base_url,
        timeout=settings.upstream_seconds,
        retries=0,
        max_reply_bytes=settings.max_reply_bytes,
        max_connections=CONNECTIONS,
        elsewhere=bool(vendor.side_hosts),
        proxy=settings.upstream_proxy,
    )
    upstream = Upstream(
        http,
        base_url=base_url,
        vendor=vendor,
        seconds=settings.upstream_seconds,
        breaker=BreakerConfig(failures=settings.upstream_failures),
        slots=ConcurrencyLimits(instances=lambda: limiter.instances),
        registry=registry,
        limiter=limiter,
    )
    gateway = Gateway(
        table=table,
        vendor=vendor,
        callers=callers,
        admission=Admission(vendor, limiter, settings, tiers or {}, callers.weights),
        upstream=upstream,
        effects=EffectFlow(pool, vendor, patience=settings.upstream_seconds + PATIENCE_SECONDS),
        audit=Audit(registry, vendor=vendor.name),
    )
    reconciler = Reconciler(gateway)
    background = BackgroundLoops(reconciler.loops(), registry)
    try:
        async with background.running():
            checks = _checks(pool, redis)
            if vendor.account is not None:
                checks["account"] = CredentialAccounts(gateway, access).look
            yield build_gateway(gateway, checks=checks, warnings=background.faults(), registry=registry)
    finally:
        await reconciler.stop()
        await http.aclose()
        if redis is not None:
            await redis.aclose()
        await pool.close()


def build_gateway(
    gateway: Gateway, *, checks: Mapping[str, Check], warnings: Mapping[str, Warn], registry: CollectorRegistry
) -> Starlette:
    """Put health routes and the Host check around a gateway; its files and rates add their own warnings."""
    name, credential, settings = f"{gateway.vendor.name}-api", gateway.vendor.credential, gateway.admission.settings
    told = {**warnings, **gateway.callers.faults()}
    if isinstance(credential, TenantCredentials):
        told["credentials"] = credential.fault
    if settings.redis_url is None:
        told["rates"] = lambda: "REDIS_URL is not set: this process counts rates alone"
    health = health_routes(service=name, version=version_of(name), checks=checks, registry=registry, warnings=told)
    guard = Middleware(
        HostGuard,
        allowed_hosts=settings.hosts,
        allowed_origins=settings.origins,
        proxies=settings.proxies,
        answer=_misdirected,
    )
    app = Starlette(routes=health, middleware=[guard])
    app.router.redirect_slashes = False
    app.router.default = gateway
    return app


def _misdirected(found: Misdirected) -> Response:
    return Refusal(found.reason, found.message, remedy=found.remedy).response()


async def run_gateway(
    table: Table,
    vendor: UpstreamVendor,
    settings: GatewaySettings,
    *,
    base_url: str,
    tiers: Mapping[str, Rate] | None = None,
) -> None:
    """Serve a gateway until it is told to stop."""
    configure(f"{vendor.name}-api", settings.log_level)
    if unused := settings.unused_proxy(environment()):
        get_logger(__name__).warning(unused)
    async with open_gateway(table, vendor, settings, base_url=base_url, tiers=tiers) as app:
        grace = settings.upstream_seconds + 1
        await serve(app, host=settings.host, port=settings.port, grace_seconds=grace, date_header=False)


def _checks(pool: asyncpg.Pool, redis: Redis | None) -> dict[str, Check]:

    async def ask_redis(client: Redis) -> None:
        try:
            await client.ping()
        except Exception as error:
            raise NotReady("Redis does not answer: rates are counted by this process alone") from error

    checks: dict[str, Check] = {"database": partial(assert_current, pool, SCHEMA, VERSIONS)}
    if redis:
        checks["redis"] = partial(ask_redis, redis)
    return checks
