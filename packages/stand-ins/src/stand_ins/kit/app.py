"""Builds a vendor's stand-in as one ASGI app: its routes, health, controls, faults and log of requests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry
from service_kit.health import health_routes
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from stand_ins.kit.controls import Controls
from stand_ins.kit.faults import FaultGate
from stand_ins.kit.refusal import Refusal, respond
from stand_ins.kit.request_log import RequestLog, Watch
from stand_ins.kit.vendor import StandInVendor

V = TypeVar("V", bound=StandInVendor)


class StandInApp(Generic[V]):
    """The app; `stand_in` and `controls` are the objects behind it, for tests that look inside.

    Args:
        vendor: what it stands in for.
        watch: is told each exchange when it is over, such as an ExchangeChecker.
    """

    def __init__(self, vendor: V, *, watch: Watch | None = None) -> None:
        health = health_routes(
            service=vendor.service,
            version=version("agent-bot-stand-ins"),
            checks={},
            registry=CollectorRegistry(),
        )
        api = Starlette(
            routes=[*health, *vendor.routes()],
            exception_handlers={Refusal: respond, 404: self._refuse_unknown, 405: self._refuse_unknown},
            lifespan=self._lifespan,
        )
        api.router.redirect_slashes = False
        gate = FaultGate(api, vendor.errors, vendor.faults)
        self._log = RequestLog(gate, kept=vendor.kept_requests, secret=vendor.secret_headers, watch=watch)
        self.stand_in = vendor
        self.controls = Controls(vendor, gate, self._log)
        api.router.routes[:0] = self.controls.routes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._log(scope, receive, send)

    async def _refuse_unknown(self, request: Request, _: Exception) -> Response:
        return await respond(request, self.stand_in.errors.unknown_route(request))

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        if self.stand_in.deliveries is not None:
            await self.stand_in.deliveries.aclose()
