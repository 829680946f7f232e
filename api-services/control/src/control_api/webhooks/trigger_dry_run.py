"""`POST /v1/triggers/test`: shows what a payload would start, and starts nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from service_kit.access import AccessFile
from service_kit.body import work_on
from service_kit.validation_errors import described, nearest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from control_api.auth import open_door
from control_api.body import parse_json, read_body
from control_api.errors import Refusal, answer
from control_api.optional_file import OptionalFile
from control_api.sources.instances import Instances
from control_api.sources.protocol import FeedSource, WebhookSource
from control_api.sources.registry import default_source
from control_api.webhooks.dispatcher import Delivery, Dispatched, dispatch, plan
from control_api.webhooks.triggers import Triggers

MAX_BYTES = 10_000_000
FORM = 'Send {"event": "...", "payload": {...}}, with "source" and "instance" where they are not the usual ones.'


class DryRun(BaseModel):
    """The body: a payload, and where it would arrive."""

    model_config = ConfigDict(extra="forbid", strict=True)

    event: str
    payload: dict[str, Any]
    source: str = Field(default_factory=default_source)
    instance: str = ""


@dataclass(frozen=True)
class TriggerDryRun:
    """The route that tries triggers on a payload: what an event would do is done in a transaction that is rolled back.

    The files are read as they are now; one that cannot be read is a warning beside what its last good state would do.
    `faults` say no more than that, as a door may be another tenant's than a fault.
    """

    pool: asyncpg.Pool
    access: AccessFile
    webhooks: Instances[WebhookSource]
    feeds: Instances[FeedSource]
    triggers: OptionalFile[Triggers]
    faults: Mapping[str, Callable[[], str | None]]

    def routes(self) -> list[Route]:
        """Give the route."""
        return [Route("/v1/triggers/test", self._test, methods=["POST"])]

    async def _test(self, request: Request) -> Response:
        tenant = open_door(request, self.access).tenant
        warnings = {name: fault for name, look in self.faults.items() if (fault := look()) is not None}
        asked = await _asked(request)
        if not asked.source:
            there = ", ".join(sorted({*self.webhooks.sources, *self.feeds.sources}))
            raise Refusal("field", f"source: none is named, and there are {there}", remedy=FORM)
        instances = self.feeds if asked.source in self.feeds.sources else self.webhooks
        instance = instances.without_secrets(asked.source, asked.instance, tenant=tenant)
        if asked.event not in instance.source.events:
            near = (
                nearest(asked.event, instance.source.events)
                or f": there are {', '.join(sorted(instance.source.events))}"
            )
            raise Refusal("field", f"event: {asked.source} has no event {asked.event[:80]!r}{near}", remedy=FORM)
        delivery = Delivery(instance, instance.source.event(asked.event, asked.payload))
        dispatched = await self._rolled_back(delivery)
        planned, _ = plan(self.triggers.current(), delivery)
        created = {task["trigger"]: task["created"] for task in dispatched.tasks}
        tasks = [
            {"trigger": trigger.name, "task": task.model_dump(mode="json", exclude_defaults=True)}
            for trigger, task in planned
            if created.get(trigger.name)
        ]
        again = [
            {"trigger": name, "reason": "its task of this very payload is there already"}
            for name, is_new in created.items()
            if not is_new
        ]
        told = {"tasks": tasks, "ignored": dispatched.ignored + again, "refused": dispatched.refused}
        return answer(told | {"warnings": warnings})

    async def _rolled_back(self, delivery: Delivery) -> Dispatched:
        async with self.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                return await dispatch(connection, self.triggers.current(), delivery)
            finally:
                await transaction.rollback()


async def _asked(request: Request) -> DryRun:
    raw = await read_body(request, limit=MAX_BYTES)
    try:
        return DryRun.model_validate(await work_on(raw, partial(parse_json, raw, request.headers, FORM)))
    except ValidationError as error:
        raise Refusal("field", described(error, DryRun)[:500], remedy=FORM) from None
