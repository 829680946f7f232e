"""Publishes events to whoever watches a task. Owns the Redis streams `agent:events:{tenant}:{task}`, bounded, expiring.

They are a convenience: what is lost here is in the ledger.
"""

from collections.abc import Sequence
from uuid import UUID

from agent_contracts import TaskEvent
from redis.asyncio import Redis
from redis.exceptions import RedisError
from service_kit.log import get_logger

MAX_LENGTH = 2000
EXPIRE_SECONDS = 3600

log = get_logger(__name__)


def stream_key(tenant: str, task_id: UUID) -> str:
    """Give the key of a task's live events."""
    return f"agent:events:{tenant}:{task_id}"


class EventPublisher:
    """Publishes events; a Redis that fails is logged once and holds nothing up."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._failing = False

    async def publish(self, tenant: str, events: Sequence[TaskEvent]) -> None:
        """Add events of one task to its stream."""
        if not events:
            return
        key = stream_key(tenant, events[0].task_id)
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for event in events:
                    pipeline.xadd(key, {"event": event.model_dump_json()}, maxlen=MAX_LENGTH, approximate=True)
                pipeline.expire(key, EXPIRE_SECONDS)
                await pipeline.execute()
        except (RedisError, OSError) as error:
            if not self._failing:
                log.warning("live_events_lost", error=str(error) or type(error).__name__)
            self._failing = True
        else:
            self._failing = False
