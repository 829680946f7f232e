"""`POST /v1/triggers/test`: shows what a payload would start, and starts nothing."""

import json
from typing import Any

import asyncpg
from service_kit.access import AccessFile, Door
from service_kit.redact import redact
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from control_api import github
from control_api.auth import Doors
from control_api.body import demand_json, parsed, read_body
from control_api.deliveries import body_hash
from control_api.dispatcher import Delivery, Outcome, plan
from control_api.errors import Refusal, answer
from control_api.triggers import TriggersFile
from control_api.webhooks import Webhooks

MAX_BYTES = 10_000_000
FORM = 'Send {"event": "issues", "payload": {...}}.'


class TriggerDryRun:
    """The route that tries triggers on a payload: what a delivery would do is done, and taken back.

    The files are read as they lie there; one that cannot be is a warning beside what the last good state would do.
    """

    def __init__(
        self, pool: asyncpg.Pool, access: AccessFile, doors: Doors, triggers: TriggersFile, webhooks: Webhooks
    ) -> None:
        self._pool = pool
        self._access = access
        self._doors = doors
        self._triggers = triggers
        self._webhooks = webhooks

    def routes(self) -> list[Route]:
        """Give the route."""
        return [Route("/v1/triggers/test", self._test, methods=["POST"])]

    async def _test(self, request: Request) -> Response:
        self._doors.open(request)
        faults = {"access": self._access.fault(look=True), "triggers": self._triggers.fault(look=True)}
        warnings = {name: redact(fault) for name, fault in faults.items() if fault is not None}
        door = self._access.current().webhooks.get("github")
        if door is None:
            raise Refusal(404, "source", "no door for source 'github'", "Add webhooks.github to access.yaml.")
        event, payload = await _asked(request)
        misfit = github.shape_error(event, payload)
        if misfit is not None:
            raise Refusal(422, "event", misfit, "Name the event that the payload is of.")
        digest = body_hash(json.dumps(payload, sort_keys=True).encode())
        delivery = Delivery("github", event, payload, digest)
        outcome = await self._rehearsed(delivery, door)
        planned, _ = plan(self._triggers.current(), delivery, door)
        made = {task["trigger"]: task["created"] for task in outcome.tasks}
        tasks = [
            {"trigger": trigger.name, "task": task.model_dump(mode="json", exclude_defaults=True)}
            for trigger, task in planned
            if made.get(trigger.name)
        ]
        again = [
            {"trigger": name, "reason": "its task of this very payload is there already"}
            for name, created in made.items()
            if not created
        ]
        told = {"tasks": tasks, "ignored": outcome.ignored + again, "refused": outcome.refused}
        return answer(told | {"warnings": warnings})

    async def _rehearsed(self, delivery: Delivery, door: Door) -> Outcome:
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                return await self._webhooks.decide(connection, delivery, door)
            finally:
                await transaction.rollback()


async def _asked(request: Request) -> tuple[str, dict[str, Any]]:
    demand_json(request)
    asked = parsed(await read_body(request, limit=MAX_BYTES), FORM)
    if not isinstance(asked, dict) or set(asked) != {"event", "payload"}:
        raise Refusal(422, "field", "the body has not exactly event and payload", FORM)
    event, payload = asked["event"], asked["payload"]
    if not isinstance(event, str) or not isinstance(payload, dict):
        raise Refusal(422, "field", "event is no text, or payload no object", FORM)
    return event, payload
