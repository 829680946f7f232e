"""Builds the stand-in GitHub as one ASGI app: the REST API as GitHub serves it, and its controls under /_stand-in/."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from service_kit.health import health_routes
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from stand_ins.github import admin, seed
from stand_ins.github.answer import refuse_unknown, routes_of
from stand_ins.github.controls import Controls
from stand_ins.github.faults import FaultGate
from stand_ins.github.limits import RateLimits
from stand_ins.github.record import RequestLog
from stand_ins.github.routes import account, comments, contents, issues, labels, pulls, search
from stand_ins.github.stand_in import StandIn
from stand_ins.github.webhook import Deliveries, Hook
from stand_ins.github.world import World, utc_now

OPERATIONS = (
    *account.OPERATIONS,
    *search.OPERATIONS,
    *comments.OPERATIONS,
    *labels.OPERATIONS,
    *issues.OPERATIONS,
    *pulls.OPERATIONS,
    *contents.OPERATIONS,
)
DEFAULT_ACCOUNT = "agent-bot"


class StandInApp:
    """The app and the objects behind it, for tests that look inside."""

    def __init__(self, app: ASGIApp, controls: Controls) -> None:
        self._app = app
        self.controls = controls

    @property
    def stand_in(self) -> StandIn:
        """Memory, limits and webhook."""
        return self.controls.stand_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._app(scope, receive, send)


def build(
    *,
    tokens: Mapping[str, str],
    account: str = DEFAULT_ACCOUNT,
    hook: Hook | None = None,
    base_url: str | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> StandInApp:
    """Make a stand-in.

    Args:
        tokens: which token acts for which login.
        account: the login that the seed's roles and the controls mean by "the operator's account".
        hook: where webhooks go; it can be set later.
        base_url: the address in replies; the one that the caller used unless given.
        clock: tells the time, in whole seconds.
    """

    def fresh() -> World:
        world = World(clock=clock)
        world.user(account)
        for token, login in tokens.items():
            world.add_token(token, login)
        for described in seed.shipped():
            seed.add_repository(world, described, account)
        return world

    deliveries = Deliveries(hook, clock=clock)
    stand_in = StandIn(fresh(), RateLimits(), deliveries, account, base_url)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await deliveries.aclose()

    api = Starlette(
        routes=[
            *health_routes(
                service="stand-in-github",
                version=version("agent-bot-stand-ins"),
                checks={},
                registry=CollectorRegistry(),
            ),
            *routes_of(OPERATIONS, stand_in),
        ],
        exception_handlers={404: refuse_unknown, 405: refuse_unknown},
        lifespan=lifespan,
    )
    api.router.redirect_slashes = False
    gate = FaultGate(api)
    log = RequestLog(gate)
    controls = Controls(stand_in, gate, log, fresh)
    api.router.routes[:0] = admin.routes(controls)
    return StandInApp(log, controls)
