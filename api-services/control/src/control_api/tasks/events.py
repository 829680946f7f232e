"""`GET /v1/tasks/{id}/events`: a task's events as server-sent events, from the beginning or `Last-Event-ID`."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from agent_contracts import TaskEvent, TaskResult
from agent_ledger import Notifications, UnreadableRow, events, get_result, get_task
from agent_stores.outage import AGAIN_SECONDS, Absence
from agent_stores.pool import DATABASE_ERRORS
from service_kit.connection_limit import RETRY_SECONDS, ConnectionLimit, TooManyConnections
from service_kit.log import get_logger
from service_kit.untrusted_text import clean_line
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from control_api.auth import open_door
from control_api.errors import Refusal
from control_api.tasks.routes import Tasks

EVENT_ID = re.compile(r"^(\d{1,9})-(\d{1,9})$")
LOOK_EVERY_SECONDS = 2.0
COMMENT_EVERY_SECONDS = 15.0
PAGE = 500


@dataclass(frozen=True)
class EventStreams:
    """The event streams of tasks, of which each tenant and each door has a share."""

    pool: asyncpg.Pool
    tasks: Tasks
    notifications: Notifications
    limit: ConnectionLimit

    def routes(self) -> list[Route]:
        """Give the route."""
        return [Route("/v1/tasks/{id}/events", self._stream, methods=["GET"])]

    async def _stream(self, request: Request) -> Response:
        door = open_door(request, self.tasks.access)
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(self.limit.held(door.tenant, door.name))
            except TooManyConnections as error:
                raise Refusal("streams", str(error), status=error.status, retry_after=RETRY_SECONDS) from None
            view = await self.tasks.seen(request)
            after = _after(request.headers.get("last-event-id") or request.query_params.get("after"))
            headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
            return HeldStream(held.pop_all(), self._lines(view.id, after), headers=headers)

    async def _lines(self, task_id: UUID, after: tuple[int, int]) -> AsyncIterator[str]:
        silent_seconds = 0.0
        absence = Absence()
        try:
            with self.notifications.waiting(task_id) as news:
                while True:
                    news.clear()
                    try:
                        page, final, result = await self._look(task_id, after)
                    except DATABASE_ERRORS as error:
                        if absence.begins():
                            get_logger(__name__).error("database", error=str(error) or type(error).__name__)
                            yield ": the database does not answer, and is asked again\n\n"
                        if absence.too_long:
                            yield ": the database has not answered for too long: come again with Last-Event-ID\n\n"
                            return
                        await asyncio.sleep(AGAIN_SECONDS)
                        continue
                    if absence.ends():
                        yield ": the database answers again\n\n"
                    for event in page:
                        after = (event.attempt, event.seq)
                        yield f"id: {event.sse_id}\nevent: {event.body.kind}\ndata: {event.model_dump_json()}\n\n"
                    if page and (final or len(page) == PAGE):
                        continue
                    if final:
                        if result is not None:
                            yield f"event: result\ndata: {result.model_dump_json()}\n\n"
                        return
                    silent_seconds = 0.0 if page else silent_seconds + LOOK_EVERY_SECONDS
                    if silent_seconds >= COMMENT_EVERY_SECONDS:
                        silent_seconds = 0.0
                        yield ": still running\n\n"
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_EVERY_SECONDS):
                            await news.wait()
        except UnreadableRow as error:
            yield f": {clean_line(str(error))}\n\n"

    async def _look(self, task_id: UUID, after: tuple[int, int]) -> tuple[list[TaskEvent], bool, TaskResult | None]:
        """Give the next events, whether the task has ended, and after its last event the result."""
        view = await get_task(self.pool, task_id)
        page = await events(self.pool, task_id, after=after, limit=PAGE)
        final = view is None or view.state.final
        return page, final, await get_result(self.pool, task_id) if final and not page else None


class HeldStream(StreamingResponse):
    """An event stream that holds a connection of its tenant and door until it has been sent."""

    media_type = "text/event-stream"

    def __init__(self, held: contextlib.ExitStack, lines: AsyncIterator[str], *, headers: Mapping[str, str]) -> None:
        super().__init__(lines, headers=headers)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._held:
            await super().__call__(scope, receive, send)


def _after(text: str | None) -> tuple[int, int]:
    if not text:
        return (0, 0)
    match = EVENT_ID.match(text.strip())
    if match is None:
        raise Refusal("last_event_id", f"Last-Event-ID {text[:40]!r} is not attempt-seq")
    return (int(match[1]), int(match[2]))
