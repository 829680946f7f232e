"""`POST /v1/triggers/test`: shows what a payload would start, and starts nothing."""

import json
from typing import Any

from service_kit.access import AccessFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from control_api import github
from control_api.body import demand_json, parsed, read_body
from control_api.deliveries import body_hash
from control_api.doors import Doors
from control_api.errors import Refusal, answer
from control_api.fire import Delivery, plan
from control_api.triggers import TriggersFile

MAX_BYTES = 10_000_000
FORM = 'Send {"event": "issues", "payload": {...}}.'


class Rehearsal:
    """The route that tries triggers on a payload."""

    def __init__(self, access: AccessFile, doors: Doors, triggers: TriggersFile) -> None:
        self._access = access
        self._doors = doors
        self._triggers = triggers

    def routes(self) -> list[Route]:
        """Give the route."""
        return [Route("/v1/triggers/test", self._test, methods=["POST"])]

    async def _test(self, request: Request) -> Response:
        self._doors.open(request)
        door = self._access.current().webhooks.get("github")
        if door is None:
            raise Refusal(404, "source", "no door for source 'github'", "Add webhooks.github to access.yaml.")
        event, payload = await _asked(request)
        misfit = github.misfit(event, payload)
        if misfit is not None:
            raise Refusal(422, "event", misfit, "Name the event that the payload is of.")
        digest = body_hash(json.dumps(payload, sort_keys=True).encode())
        planned, outcome = plan(self._triggers.current(), Delivery("github", event, payload, digest), door)
        tasks = [
            {"trigger": trigger.name, "task": task.model_dump(mode="json", exclude_defaults=True)}
            for trigger, task in planned
            if door.opens(task.skill)
        ]
        closed = [
            {"trigger": trigger.name, "reason": f"skill {task.skill} is not open at {door.name}"}
            for trigger, task in planned
            if not door.opens(task.skill)
        ]
        return answer({"tasks": tasks, "ignored": outcome.ignored, "refused": outcome.refused + closed})


async def _asked(request: Request) -> tuple[str, dict[str, Any]]:
    demand_json(request)
    asked = parsed(await read_body(request, limit=MAX_BYTES), FORM)
    if not isinstance(asked, dict) or set(asked) != {"event", "payload"}:
        raise Refusal(422, "field", "the body has not exactly event and payload", FORM)
    event, payload = asked["event"], asked["payload"]
    if not isinstance(event, str) or not isinstance(payload, dict):
        raise Refusal(422, "field", "event is no text, or payload no object", FORM)
    return event, payload
