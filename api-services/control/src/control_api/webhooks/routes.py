"""`POST /v1/webhooks/{source}[/{instance}]`: a signed event is verified, committed once and answered, without a worker.

The order: the raw body within its size, the signature, the tenant's share, one transaction, the answer.
Everything else happens later.
"""

import time
from functools import partial
from typing import Any

import asyncpg
from agent_stores.pool import Connection
from prometheus_client import CollectorRegistry, Counter
from service_kit.body import work_on
from service_kit.log import get_logger
from service_kit.request_shares import UNIT_BYTES, counted_by
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from control_api.body import read_body
from control_api.counted_requests import Shares
from control_api.errors import Refusal
from control_api.optional_file import OptionalFile
from control_api.sources.instances import Instances
from control_api.sources.protocol import Instance, WebhookRequest, WebhookSource
from control_api.webhooks import deliveries
from control_api.webhooks.dispatcher import Delivery, dispatch_once
from control_api.webhooks.triggers import Triggers


class Webhooks:
    """The routes of webhooks, whose bodies have at most `limit` bytes."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        instances: Instances[WebhookSource],
        triggers: OptionalFile[Triggers],
        shares: Shares,
        *,
        limit: int,
        registry: CollectorRegistry,
    ) -> None:
        self._pool = pool
        self._instances = instances
        self._triggers = triggers
        self._shares = shares
        self._limit = limit
        self._count = Counter("control_deliveries", "Webhook deliveries", ["source", "outcome"], registry=registry)

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            Route("/v1/webhooks/{source}", self._receive, methods=["POST"]),
            Route("/v1/webhooks/{source}/{instance}", self._receive, methods=["POST"]),
        ]

    async def _receive(self, request: Request) -> Response:
        name = request.path_params["source"]
        label = name if name in self._instances.sources else "unknown"
        try:
            instance = self._instances.find(name, request.path_params.get("instance", ""))
            body = await read_body(request, limit=self._limit)
            received = WebhookRequest(body, request.headers, time.time())
            await work_on(body, partial(instance.source.verify, received, instance.secrets))
            share = self._shares.webhook(instance)
            share.take(1 + len(body) // UNIT_BYTES)
        except Refusal as refusal:
            self._count.labels(label, refusal.reason).inc()
            raise
        try:
            with counted_by(share):
                return instance.source.challenge(received) or await self._accept(received, instance)
        except Refusal as refusal:
            self._count.labels(label, refusal.reason).inc()
            reply = instance.source.refused(refusal)
            if reply is None:
                raise
            get_logger(__name__).info("refused", source=name, reason=refusal.reason, error=str(refusal))
            return reply

    async def _accept(self, received: WebhookRequest, instance: Instance[WebhookSource]) -> Response:
        source = instance.source
        delivery = Delivery(instance, await work_on(received.body, partial(source.read, received)))
        async with self._pool.acquire() as connection, connection.transaction():
            status, document = await self._commit(connection, delivery)
        self._count.labels(source.name, "duplicate" if document["duplicate"] else "taken").inc()
        get_logger(__name__).info(
            "delivery",
            source=instance.key,
            event_type=delivery.event.name,
            delivery=delivery.event.delivery_id,
            **document,
        )
        return source.reply(document, status)

    async def _commit(self, connection: Connection, delivery: Delivery) -> tuple[int, dict[str, Any]]:
        key = delivery.key
        dispatched = await dispatch_once(connection, self._triggers.current(), delivery)
        if dispatched.duplicate:
            first = [{**task, "created": False} for task in dispatched.earlier.get("tasks", ())]
            return 200, {"duplicate": True, **dispatched.earlier, "tasks": first}
        if dispatched.refused and not dispatched.tasks:
            reasons = "; ".join(f"{one['trigger']}: {one['reason']}" for one in dispatched.refused)
            raise Refusal("task", reasons)
        document = dispatched.document()
        if not dispatched.tasks and dispatched.effect is None:  # it may lead to something when it is sent again
            await deliveries.forget(connection, key)
        elif not dispatched.refused:
            await deliveries.keep_result(connection, key, delivery.instance.name, dispatched.result())
        return 202 if dispatched.tasks else 200, {"duplicate": False, **document}
