"""`POST /v1/webhooks/github`: a signed delivery is verified, committed once, and answered; no worker need run."""

from typing import Any

import asyncpg
from agent_ledger.connection import Connection
from prometheus_client import CollectorRegistry, Counter
from service_kit.access import AccessFile, Door
from service_kit.log import get_logger
from service_kit.settings import split_csv
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from control_api import deliveries, github
from control_api.body import demand_json, parsed, read_body
from control_api.dispatcher import Delivery, Outcome, dispatch
from control_api.errors import Refusal, answer
from control_api.settings import ControlSettings
from control_api.triggers import TriggersFile

SOURCE = "github"
AS_SENT = "Send the delivery as GitHub made it."


class Webhooks:
    """The webhook sources of this house."""

    def __init__(
        self,
        settings: ControlSettings,
        pool: asyncpg.Pool,
        access: AccessFile,
        triggers: TriggersFile,
        registry: CollectorRegistry,
    ) -> None:
        self._limit = settings.max_webhook_bytes
        self._secrets = split_csv(settings.github_webhook_secret)
        self._own = {login.casefold() for login in split_csv(settings.github_own_logins)}
        self._pool = pool
        self._access = access
        self._triggers = triggers
        self._count = Counter("control_deliveries", "Webhook deliveries", ["source", "outcome"], registry=registry)

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [Route("/v1/webhooks/github", self._github, methods=["POST"])]

    async def _github(self, request: Request) -> Response:
        try:
            return await self._receive(request)
        except Refusal as refusal:
            self._count.labels(SOURCE, refusal.reason).inc()
            raise

    async def _receive(self, request: Request) -> Response:
        door = self._door()
        body = await read_body(request, limit=self._limit)
        if not github.signed(body, request.headers.get("x-hub-signature-256"), self._secrets):
            raise Refusal(
                401, "signature", "X-Hub-Signature-256 does not fit the body", "Set the same secret at GitHub and here."
            )
        demand_json(request, "Choose application/json at GitHub.")
        payload = parsed(body, AS_SENT)
        if not isinstance(payload, dict):
            raise Refusal(400, "json", "the body is not a JSON object", AS_SENT)
        event = request.headers.get("x-github-event", "")[:64]
        if not event:
            raise Refusal(422, "event", "X-GitHub-Event is missing", "Send the delivery with GitHub's own headers.")
        delivery = Delivery(SOURCE, event, payload, deliveries.body_hash(body))
        misfit = github.shape_error(delivery.event, delivery.payload)
        if misfit is not None:
            raise Refusal(422, "event", misfit, "Send each body with its own X-GitHub-Event header.")
        delivery_id = request.headers.get("x-github-delivery", "")[:100]
        async with self._pool.acquire() as connection, connection.transaction():
            status, document = await self._commit(connection, delivery, door, delivery_id)
        self._count.labels(SOURCE, "duplicate" if document["duplicate"] else "taken").inc()
        get_logger(__name__).info(
            "delivery", source=SOURCE, event_type=delivery.event, delivery=delivery_id, **document
        )
        return answer(document, status)

    async def _commit(
        self, connection: Connection, delivery: Delivery, door: Door, delivery_id: str
    ) -> tuple[int, dict[str, Any]]:
        digest = delivery.digest
        if not await deliveries.take(
            connection, source=SOURCE, digest=digest, tenant=door.tenant, delivery_id=delivery_id, event=delivery.event
        ):
            earlier = await deliveries.outcome_of(connection, source=SOURCE, digest=digest)
            return 200, {"duplicate": True, **earlier}
        outcome = await self.decide(connection, delivery, door)
        if outcome.refused and not outcome.tasks:
            reasons = "; ".join(f"{one['trigger']}: {one['reason']}" for one in outcome.refused)
            raise Refusal(
                422, "task", reasons, "Mend what is named, then redeliver: nothing was kept of this delivery."
            )
        document = outcome.document()
        if outcome.tasks and not outcome.refused:
            await deliveries.keep_outcome(connection, source=SOURCE, digest=digest, outcome=document)
        else:  # it may lead to more when it is sent again; what it led to already has its own id
            await deliveries.forget(connection, source=SOURCE, digest=digest)
        return 202 if outcome.tasks else 200, {"duplicate": False, **document}

    async def decide(self, connection: Connection, delivery: Delivery, door: Door) -> Outcome:
        """Make what a delivery leads to, in a transaction of the caller's."""
        if github.sender(delivery.payload).casefold() in self._own:
            return Outcome(ignored=[{"trigger": "*", "reason": "the event is of our own account"}])
        return await dispatch(connection, self._triggers.current(), delivery, door)

    def _door(self) -> Door:
        door = self._access.current().webhooks.get(SOURCE)
        if not self._secrets:
            raise Refusal(404, "source", "no webhook source 'github' here", "Set GITHUB_WEBHOOK_SECRET.")
        if door is None:
            raise Refusal(404, "source", "no door for source 'github'", "Add webhooks.github to access.yaml.")
        return door
