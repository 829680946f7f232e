"""The controls under /_stand-in/ that every stand-in has: log, faults, reset; webhooks and limits where it has any."""

from collections.abc import Awaitable, Callable

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stand_ins.kit.faults import CONTROLS, FaultGate
from stand_ins.kit.rate_limits import RateLimits
from stand_ins.kit.request_log import RequestLog
from stand_ins.kit.vendor import Control, StandInVendor
from stand_ins.kit.webhooks import Deliveries, Hook

DONE = 204


class Order(BaseModel):
    """What a control takes; a field that it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class Rate(Order):
    """A rate limit window to set; of the vendor's usual caller and resource unless told."""

    remaining: int
    resource: str | None = None
    limit: int | None = None
    reset_in: int | None = None
    caller: str | None = Field(default=None, validation_alias=AliasChoices("caller", "login"))


class NewHook(Order):
    """Where webhooks go from now on; `ping` says what the vendor's greeting is about."""

    url: str | None
    secret: str | None = None
    events: list[str] = ["*"]
    ping: str | None = None


class Controls:
    """The levers of one stand-in."""

    def __init__(self, vendor: StandInVendor, gate: FaultGate, log: RequestLog) -> None:
        self._vendor = vendor
        self.gate = gate
        self.log = log

    def reset(self) -> None:
        """Begin anew; the hook stays, and what is on its way still arrives."""
        self._vendor.reset()
        if self._vendor.limits is not None:
            self._vendor.limits.clear()
        if self._vendor.deliveries is not None:
            self._vendor.deliveries.log.clear()
        self.gate.faults.clear()
        self.log.entries.clear()

    def routes(self) -> list[Route]:
        """Make the routes, the vendor's own among them."""
        table = [
            *self._vendor.controls(),
            Control("GET", "requests", self._requests),
            Control("GET", "faults", self._faults),
            Control("POST", "faults", self._add_fault),
            Control("DELETE", "faults", self._clear_faults),
            Control("POST", "reset", self._reset),
        ]
        if self._vendor.limits is not None:
            table += _of_limits(self._vendor.limits)
        if self._vendor.deliveries is not None:
            table += _of_webhooks(self._vendor.deliveries, self._vendor)
        return [Route(f"{CONTROLS}{one.path}", _refusing(one.run), methods=[one.method]) for one in table]

    async def _requests(self, request: Request) -> Response:
        """Show what was asked, oldest first; a query (`?method=POST`) narrows it to entries with these texts."""
        wanted = request.query_params.items()
        shown = [one for one in self.log.entries if all(text in str(one.get(name, "")) for name, text in wanted)]
        return JSONResponse(shown)

    async def _faults(self, _: Request) -> Response:
        """Show the faults that have yet to strike."""
        return JSONResponse([one.model_dump() for one in self.gate.faults])

    async def _add_fault(self, request: Request) -> Response:
        self.gate.order(await request.body())
        return Response(status_code=DONE)

    async def _clear_faults(self, _: Request) -> Response:
        self.gate.faults.clear()
        return Response(status_code=DONE)

    async def _reset(self, _: Request) -> Response:
        self.reset()
        return Response(status_code=DONE)


def _of_limits(limits: RateLimits) -> list[Control]:
    async def set_rate(request: Request) -> Response:
        order = Rate.model_validate_json(await request.body())
        limits.set(**order.model_dump())
        return Response(status_code=DONE)

    return [Control("PUT", "rate", set_rate)]


def _of_webhooks(deliveries: Deliveries, vendor: StandInVendor) -> list[Control]:
    async def set_hook(request: Request) -> Response:
        order = NewHook.model_validate_json(await request.body())
        deliveries.hook = Hook(order.url, order.secret, frozenset(order.events)) if order.url else None
        if order.ping is not None:
            vendor.greet(order.ping, str(request.base_url).rstrip("/"))
        return Response(status_code=DONE)

    async def show(request: Request) -> Response:
        """Show the log of deliveries, once those on their way have ended if `?settled=true`."""
        if request.query_params.get("settled") == "true":
            await deliveries.settled()
        return JSONResponse([one.shown() for one in deliveries.log.values()])

    async def redeliver(request: Request) -> Response:
        again = deliveries.redeliver(request.path_params["id"])
        return JSONResponse({"id": again.id, "guid": again.guid}, status_code=202)

    return [
        Control("PUT", "hook", set_hook),
        Control("GET", "deliveries", show),
        Control("POST", "deliveries/{id:int}/redeliver", redeliver),
    ]


def _refusing(run: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await run(request)
        except ValidationError as error:
            problems = [{"at": list(one["loc"]), "message": one["msg"]} for one in error.errors(include_url=False)]
            return JSONResponse({"error": "the order is not understood", "problems": problems}, status_code=422)
        except (ValueError, KeyError) as error:
            return JSONResponse({"error": str(error.args[0])}, status_code=422)

    return endpoint
