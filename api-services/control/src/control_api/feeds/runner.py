"""Follows feeds. Of several controls, the one whose database connection holds a feed's advisory lock follows it.

Events and position are committed on that same connection, so a control that lost the lock can commit nothing more.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

import asyncpg
from agent_stores.pool import DATABASE_ERRORS, Connection
from prometheus_client import CollectorRegistry, Counter, Gauge
from service_kit.errors import UpstreamError
from service_kit.json_text import Json
from service_kit.log import get_logger
from service_kit.supervised import Loop

from control_api.errors import Refusal
from control_api.feeds import positions
from control_api.optional_file import OptionalFile
from control_api.sources.instances import Instances
from control_api.sources.protocol import FeedSource, Instance, SourceEvent, key_of
from control_api.webhooks import deliveries
from control_api.webhooks.dispatcher import Delivery, dispatch_once
from control_api.webhooks.triggers import Triggers

LOOK_EVERY_SECONDS = 2.0
"""How often a control that does not follow a feed tries to."""


class FeedRunner:
    """Runs the feeds of this control; each that is followed here holds one connection of the pool."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        instances: Instances[FeedSource],
        triggers: OptionalFile[Triggers],
        registry: CollectorRegistry,
    ) -> None:
        self._pool = pool
        self._instances = instances
        self._triggers = triggers
        self._events = Counter("control_feed_events", "Events of feeds", ["source", "outcome"], registry=registry)
        self._followed = Gauge(
            "control_feed_followed", "Feeds that this control follows", ["source"], registry=registry
        )

    def loops(self) -> list[Loop]:
        """Give one loop for each entry that `access.yaml` has now; none of them ever returns.

        Metrics count them by source, as entries have operators' names.
        """
        expected = (*DATABASE_ERRORS, Refusal, UpstreamError)
        return [
            Loop(
                f"feed:{key_of(source, name)}",
                partial(self._run, source, name),
                expected=expected,
                counted_as=f"feed:{source}",
            )
            for source, name in self._instances.entries()
        ]

    async def _run(self, source: str, name: str) -> None:
        """Wait until no other control follows the feed, then follow it."""
        while True:
            async with self._pool.acquire() as connection:
                if await positions.lead(connection, key_of(source, name)):
                    try:
                        return await self._follow(connection, self._instances.find(source, name))
                    finally:
                        connection.terminate()  # which frees the lock
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _follow(self, connection: Connection, instance: Instance[FeedSource]) -> None:
        await positions.notice_loss(connection)
        position = await positions.position_of(connection, instance.key)
        take = partial(self._take, connection, instance)
        following = asyncio.ensure_future(instance.source.follow(instance, position, take))

        def end(_: object) -> None:
            following.cancel()

        connection.add_termination_listener(end)
        get_logger(__name__).info("feed_followed", feed=instance.key)
        followed = self._followed.labels(instance.source.name)
        followed.inc()
        try:
            await asyncio.wait([following])
        finally:
            followed.dec()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        if following.cancelled():
            raise ConnectionError("the database connection that holds the feed's lock was lost")
        following.result()

    async def _take(
        self, connection: Connection, led: Instance[FeedSource], events: Sequence[SourceEvent], position: Json
    ) -> None:
        instance = self._instances.find(led.source.name, led.name)  # the door as it is now
        async with connection.transaction():
            outcomes = [await self._start(connection, Delivery(instance, event)) for event in events]
            await positions.keep_position(connection, instance.key, position)
        for outcome in outcomes:
            self._events.labels(instance.source.name, outcome).inc()

    async def _start(self, connection: Connection, delivery: Delivery) -> str:
        """Start the tasks of an event. Nobody sends it again, so it is kept with what refused it."""
        dispatched = await dispatch_once(connection, self._triggers.current(), delivery)
        if dispatched.duplicate:
            return "duplicate"
        if not dispatched.tasks and not dispatched.refused and dispatched.effect is None:
            await deliveries.forget(connection, delivery.key)
            return "ignored"
        await deliveries.keep_result(connection, delivery.key, delivery.instance.name, dispatched.result())
        event = delivery.event
        get_logger(__name__).info(
            "feed_event", feed=delivery.instance.key, event_type=event.name, **dispatched.document()
        )
        return "taken" if dispatched.tasks else "refused" if dispatched.refused else "ignored"
