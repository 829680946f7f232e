"""`/v1/tasks`: take a task in, show it, list it, cancel it. Accepted means that the row is committed."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from agent_contracts import Origin, TaskState
from agent_ledger import (
    MAX_TASK_BYTES,
    CancelOutcome,
    InvalidTask,
    TaskView,
    cancel,
    get_result,
    get_task,
    list_tasks,
    read_task,
    submit,
)
from pydantic import TypeAdapter
from service_kit.access import AccessFile
from service_kit.body import check_media, work_on
from service_kit.forwarded import prefix_of
from service_kit.log import get_logger
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from control_api.auth import open_door
from control_api.body import read_body
from control_api.errors import Refusal
from control_api.query import limit_of, states_of

SHOWN = TypeAdapter(TaskView)


@dataclass(frozen=True)
class Tasks:
    """The routes over tasks; each sees its door's tenant alone."""

    pool: asyncpg.Pool
    access: AccessFile

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            Route("/v1/tasks", self._submit, methods=["POST"]),
            Route("/v1/tasks", self._list, methods=["GET"]),
            Route("/v1/tasks/{id}", self._show, methods=["GET"]),
            Route("/v1/tasks/{id}/cancel", self._cancel, methods=["POST"]),
        ]

    async def _submit(self, request: Request) -> Response:
        door = open_door(request, self.access)
        headers = request.headers
        check_media(headers.get("content-type", ""), headers.get("content-encoding", ""), Refusal)
        raw = await read_body(request, limit=MAX_TASK_BYTES)
        try:
            task = await work_on(raw, partial(read_task, raw))
            task = task.model_copy(update={"origin": Origin(kind="http", ref=door.name)})
            submitted = await submit(self.pool, task, door=door)
        except InvalidTask as error:
            raise Refusal(error.fault, str(error)) from None
        get_logger(__name__).info("task_taken", task_id=str(submitted.id), door=door.name, created=submitted.created)
        place = f"{prefix_of(request.scope)}/v1/tasks/{submitted.id}"
        document = {"id": str(submitted.id), "created": submitted.created, "events": f"{place}/events"}
        return JSONResponse(document, 202 if submitted.created else 200, {"location": place})

    async def _list(self, request: Request) -> Response:
        door = open_door(request, self.access)
        limit = limit_of(request)
        before = _id(text) if (text := request.query_params.get("before")) else None
        if before is not None and await get_task(self.pool, before, tenant=door.tenant) is None:
            raise Refusal("query", f"before={before} is no task", remedy="Give the `before` of the page before it.")
        views = await list_tasks(
            self.pool,
            tenant=door.tenant,
            states=states_of(request, tuple(TaskState)) or None,
            before=before,
            limit=limit,
        )
        document: dict[str, Any] = {"tasks": [SHOWN.dump_python(view, mode="json") for view in views]}
        if len(views) == limit:
            document["before"] = str(views[-1].id)
        return JSONResponse(document)

    async def _show(self, request: Request) -> Response:
        view = await self.seen(request)
        result = await get_result(self.pool, view.id)
        shown = SHOWN.dump_python(view, mode="json")
        return JSONResponse({**shown, "result": result.model_dump(mode="json") if result is not None else None})

    async def _cancel(self, request: Request) -> Response:
        door = open_door(request, self.access)
        task_id = _id(request.path_params["id"])
        by = door.actor.id if door.actor is not None else door.name
        outcome = await cancel(self.pool, task_id, tenant=door.tenant, by=by)
        if outcome is CancelOutcome.not_found:
            raise _unknown(task_id)
        if outcome is CancelOutcome.already_final:
            raise Refusal("final", f"task {task_id} has ended already", remedy=f"GET /v1/tasks/{task_id} shows how.")
        return JSONResponse({"id": str(task_id), "outcome": outcome.value}, 202)

    async def seen(self, request: Request) -> TaskView:
        """Give the task that a request names, if its door's tenant has it.

        Raises:
            Refusal: the door is closed, or the tenant has no such task.
        """
        door = open_door(request, self.access)
        task_id = _id(request.path_params["id"])
        view = await get_task(self.pool, task_id, tenant=door.tenant)
        if view is None:
            raise _unknown(task_id)
        return view


def _unknown(task_id: UUID) -> Refusal:
    return Refusal("unknown", f"there is no task {task_id} for this tenant")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refusal("unknown", f"{text[:80]!r} is no task id") from None
