"""Counts each request for a door or a webhook in its share before any of its body is read, as pure ASGI."""

from collections.abc import Callable

from service_kit.access import AccessFile
from service_kit.bearer import bearer_of
from service_kit.rate_limit import RateLimiter
from service_kit.refusal import Refusal as AnyRefusal
from service_kit.shares import RequestShare, counted_by
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from control_api.errors import Refusal
from control_api.settings import ControlSettings
from control_api.sources.instances import Instances
from control_api.sources.protocol import WebhookSource

WEBHOOKS = "/v1/webhooks/"


class CountedRequests:
    """Passes on what its door's, tenant's or webhook's share allows; what opens nothing reads no body, and passes."""

    def __init__(
        self,
        app: ASGIApp,
        settings: ControlSettings,
        access: AccessFile,
        webhooks: Instances[WebhookSource],
        answer: Callable[[AnyRefusal], Response],
    ) -> None:
        self._app = app
        self._settings = settings
        self._access = access
        self._webhooks = webhooks
        self._answer = answer
        self._limiter = RateLimiter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request and pass it on, or refuse it."""
        share = self._share(scope) if scope["type"] == "http" else None
        if share is None:
            await self._app(scope, receive, send)
            return
        try:
            share.take()
        except AnyRefusal as refusal:
            await self._answer(refusal)(scope, receive, send)
            return
        with counted_by(share):
            await self._app(scope, receive, send)

    def _share(self, scope: Scope) -> RequestShare | None:
        """Return the share of a request; a webhook has one of its own, as anybody can send to it."""
        path, tenants = scope["path"], self._settings.tenant_rate
        if path.startswith(WEBHOOKS):
            source, _, name = path.removeprefix(WEBHOOKS).partition("/")
            try:
                key = self._webhooks.without_secrets(source, name).key
            except Refusal:
                return None
            return RequestShare(self._limiter, ((f"the webhook {key!r}", f"webhook:{key}", tenants),), Refusal)
        token = bearer_of(Headers(scope=scope).get("authorization"))
        door = self._access.current().http_door(token) if token is not None else None
        if door is None:
            return None
        own = f"the door {door.name!r}", f"door:{door.name}", self._settings.rate
        tenant = f"the tenant {door.tenant!r}", f"tenant:{door.tenant}", tenants
        return RequestShare(self._limiter, (own, tenant), Refusal)
