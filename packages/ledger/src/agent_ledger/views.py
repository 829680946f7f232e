"""Reads tasks and results for those who show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from agent_contracts import Task, TaskResult, TaskState
from agent_stores.pool import Executor
from pydantic import ValidationError

from agent_ledger.row_decoding import read_task_body, reading

UNREADABLE = "(this version cannot read the task)"
SELECT = """
    select t.id, t.tenant, t.state, t.skill, t.skill_version, t.engine, t.model, t.pool, t.door, t.attempt,
    t.max_attempts, t.concurrency_key, t.skill_key, t.worker, t.lease_until, t.not_before, t.deadline, t.created_at,
    t.started_at, t.finished_at, t.cancel_requested_at, t.cancelled_by, t.parent_id, r.reason, t.body::text as task
    from ledger.tasks t left join ledger.results r on r.task_id = t.id
"""


@dataclass(frozen=True)
class TaskView:
    """A task's row as it is now; `task` is the request with what the door set, `reason` the result's.

    `concurrency_key` is the task's own, or its skill's; `skill_key` is the skill's where the task has one of its own.
    """

    id: UUID
    tenant: str
    state: TaskState
    skill: str
    skill_version: str
    engine: str
    model: str
    pool: str
    door: str
    attempt: int
    max_attempts: int
    concurrency_key: str | None
    skill_key: str | None
    worker: str | None
    lease_until: datetime | None
    not_before: datetime
    deadline: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    cancelled_by: str | None
    parent_id: UUID | None
    reason: str | None
    task: Task

    @property
    def keys(self) -> set[str]:
        """The keys of which no other running task may have one."""
        return {key for key in (self.concurrency_key, self.skill_key) if key is not None}


async def get_task(executor: Executor, task_id: UUID, tenant: str | None = None) -> TaskView | None:
    """Return a task, or None where the tenant has no such task; None for a tenant asks for no tenant."""
    row = await executor.fetchrow(f"{SELECT} where t.id = $1 and ($2::text is null or t.tenant = $2)", task_id, tenant)
    return None if row is None else _view(row)


async def list_tasks(
    executor: Executor,
    *,
    tenant: str | None = None,
    states: Sequence[TaskState] | None = None,
    skill: str | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[TaskView]:
    """List tasks, newest first; `before` is the last task of the page before."""
    rows = await executor.fetch(
        f"""
        {SELECT} where ($1::text is null or t.tenant = $1) and ($2::text[] is null or t.state = any ($2))
            and ($3::text is null or t.skill = $3)
            and ($4::uuid is null
                or (t.created_at, t.id) < (select b.created_at, b.id from ledger.tasks b where b.id = $4))
        order by t.created_at desc, t.id desc limit $5
        """,  # noqa: S608 - constant columns
        tenant,
        None if states is None else [state.value for state in states],
        skill,
        before,
        limit,
    )
    return [_view(row) for row in rows]


async def get_result(executor: Executor, task_id: UUID) -> TaskResult | None:
    """Return a task's result, or None where it has none yet.

    Raises:
        UnreadableRow: this version cannot read it.
    """
    body: str | None = await executor.fetchval("select body::text from ledger.results where task_id = $1", task_id)
    with reading(f"the result of task {task_id}"):
        return None if body is None else TaskResult.model_validate_json(body)


def _view(row: asyncpg.Record) -> TaskView:
    fields: dict[str, Any] = dict(row)
    fields["state"] = TaskState(fields["state"])
    try:
        fields["task"] = read_task_body(fields["task"])
    except ValidationError:  # of a newer version, or of none: one row must not hide all others
        fields["task"] = Task.model_construct(
            id=fields["id"], tenant=fields["tenant"], skill=fields["skill"], input=UNREADABLE
        )
    return TaskView(**fields)
