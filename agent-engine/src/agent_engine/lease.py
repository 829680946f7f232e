"""Keeps the lease of one attempt by heartbeats, and stops its run once the lease is lost or the task is cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import agent_ledger
import asyncpg
from agent_ledger import HeartbeatResult
from service_kit.log import get_logger

from agent_engine.run_control import Stop, StopSignal

BEATS = 4
LONGEST_PAUSE_SECONDS = 4.0
"""The worker learns of a cancel at the next heartbeat at the latest; the run then has 5 s to end itself."""
AGAIN_SECONDS = 0.5
MARGIN = 0.9
"""The part of a lease without heartbeats after which the run is stopped, before another worker may take the task."""

log = get_logger(__name__)


async def keep_lease(pool: asyncpg.Pool, task_id: UUID, attempt: int, *, seconds: float, stop: StopSignal) -> None:
    """Send a heartbeat each quarter of a lease of `seconds`, at least every 4 s to learn of a cancel, until it is lost.

    `stop` is told when the lease is lost or the task is to be cancelled.
    """
    clock = asyncio.get_running_loop().time
    beaten = clock()
    pause = beat_seconds(seconds)
    while True:
        await asyncio.sleep(pause)
        sent = clock()
        try:
            beat = await _within(seconds / BEATS, agent_ledger.heartbeat(pool, task_id, attempt, seconds))
        except Exception as error:
            log.warning("heartbeat_failed", error=str(error) or type(error).__name__)
            if clock() - beaten >= seconds * MARGIN:
                stop.set(Stop.LOST_LEASE)
                return
            pause = min(AGAIN_SECONDS, max(0.0, beaten + seconds * MARGIN - clock()))
            continue
        if not beat.live:
            stop.set(Stop.LOST_LEASE)
            return
        beaten, pause = sent, beat_seconds(seconds)
        if beat.cancel:
            stop.set(Stop.CANCELLED)


def beat_seconds(lease_seconds: float) -> float:
    """Give the pause between two beats of a lease."""
    return min(lease_seconds / BEATS, LONGEST_PAUSE_SECONDS)


async def _within(seconds: float, asking: Coroutine[Any, Any, HeartbeatResult]) -> HeartbeatResult:
    """Wait for an answer for at most so many seconds, and do not wait for the cancelled request to end."""
    task = asyncio.create_task(asking)
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()
    if not done:
        raise TimeoutError
    return task.result()
