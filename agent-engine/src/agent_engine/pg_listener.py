"""Listens to the PostgreSQL channels `ledger_queued`, `ledger_cancel` and `ledger_outbox`. Polling is the fallback."""

import asyncio
import contextlib
from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

import asyncpg

LOOK_SECONDS = 10.0
CONNECT_SECONDS = 10.0


class PgListener:
    """Listens on a connection of its own.

    Attributes:
        queued: set when there may be a task.
        results: set when there may be a result for a stream.
        replies: set when there may be one for a URL.
    """

    def __init__(self, database_url: str, *, pools: Collection[str], cancel: Callable[[UUID], None]) -> None:
        self._database_url = database_url
        self._pools = frozenset(pools)
        self._cancel = cancel
        self.queued = asyncio.Event()
        self.results = asyncio.Event()
        self.replies = asyncio.Event()

    async def listen(self) -> None:
        """Listen until the connection fails, and raise its error."""
        connection = await asyncpg.connect(
            self._database_url, timeout=CONNECT_SECONDS, server_settings={"application_name": "agent-engine listener"}
        )
        try:
            await connection.add_listener("ledger_queued", self._on_queued)
            await connection.add_listener("ledger_cancel", self._on_cancel)
            await connection.add_listener("ledger_outbox", self._on_outbox)
            self.queued.set()
            self._on_outbox()
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                await connection.execute("select 1", timeout=LOOK_SECONDS)
        finally:
            with contextlib.suppress(Exception):
                await connection.close(timeout=1)

    def _on_queued(self, _: Any, __: int, ___: str, pool: Any) -> None:
        if pool in self._pools:
            self.queued.set()

    def _on_cancel(self, _: Any, __: int, ___: str, task: Any) -> None:
        with contextlib.suppress(ValueError):
            self._cancel(UUID(str(task)))

    def _on_outbox(self, *_: Any) -> None:
        self.results.set()
        self.replies.set()
