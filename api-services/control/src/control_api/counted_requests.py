"""Counts each request for a door or a webhook in its share before any of its body is read, as pure ASGI.

Anybody can send to a webhook. So a request for one counts in its sender's share until its signature is verified, and
in the webhook's and its tenant's afterwards: a stranger takes nothing of theirs.
"""

from collections.abc import Callable
from typing import Any

from service_kit.access import AccessFile
from service_kit.bearer import bearer_of
from service_kit.forwarded import peer_of
from service_kit.rate_limit import Rate, RateLimiter
from service_kit.refusal import Refusal as AnyRefusal
from service_kit.request_shares import RequestShare, counted_by
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from control_api.errors import Refusal
from control_api.settings import ControlSettings
from control_api.sources.instances import Instances
from control_api.sources.protocol import Instance, WebhookSource

WEBHOOKS = "/v1/webhooks/"


class Shares:
    """The shares of doors, of webhooks with and without a signature, and of tenants, in this process."""

    def __init__(self, settings: ControlSettings) -> None:
        self._own = settings.rate
        self._tenants = settings.tenant_rate
        self._limiter = RateLimiter()

    def door(self, name: str, tenant: str) -> RequestShare:
        """Return the share of a door, and its tenant's."""
        return self._share((f"the door {name!r}", f"door:{name}", self._own), self._tenant(tenant))

    def unverified(self, key: str, peer: str) -> RequestShare:
        """Return the share of who sends to a webhook from an address, before it is known who that is."""
        return self._share((f"{peer} at the webhook {key!r}", f"webhook:{key}:{peer}", self._tenants))

    def webhook(self, instance: Instance[Any]) -> RequestShare:
        """Return the share of a webhook, and its tenant's, for what has its signature."""
        own = f"the webhook {instance.key!r}", f"webhook:{instance.key}", self._tenants
        return self._share(own, self._tenant(instance.door.tenant))

    def _tenant(self, tenant: str) -> tuple[str, str, Rate]:
        return f"the tenant {tenant!r}", f"tenant:{tenant}", self._tenants

    def _share(self, *parts: tuple[str, str, Rate]) -> RequestShare:
        return RequestShare(self._limiter, parts, Refusal)


class CountedRequests:
    """Passes on what its door's or its sender's share allows; what opens nothing reads no body, and passes."""

    def __init__(
        self,
        app: ASGIApp,
        shares: Shares,
        access: AccessFile,
        webhooks: Instances[WebhookSource],
        answer: Callable[[AnyRefusal], Response],
    ) -> None:
        self._app = app
        self._shares = shares
        self._access = access
        self._webhooks = webhooks
        self._answer = answer

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
        """Return the share in which a request counts before its body is read."""
        path = scope["path"]
        if path.startswith(WEBHOOKS):
            source, _, name = path.removeprefix(WEBHOOKS).partition("/")
            try:
                key = self._webhooks.without_secrets(source, name).key
            except Refusal:
                return None
            return self._shares.unverified(key, peer_of(scope))
        token = bearer_of(Headers(scope=scope).get("authorization"))
        door = self._access.current().http_door(token) if token is not None else None
        return self._shares.door(door.name, door.tenant) if door is not None else None
