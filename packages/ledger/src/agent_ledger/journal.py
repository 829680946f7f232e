"""The events of tasks, in order, as their attempts wrote them. Owns table `ledger.events`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from agent_contracts import TaskEvent
from agent_contracts.event import Body, body_adapter
from agent_stores.pool import Executor

from agent_ledger.json_encoding import storable
from agent_ledger.row_decoding import reading


async def append_events(
    executor: Executor, task_id: UUID, attempt: int, bodies: Sequence[tuple[int, datetime, Body]]
) -> bool:
    """Write a batch of an attempt's events; give False, and write nothing, if the attempt is not live.

    A sequence number that is already there is left as it is, so that a batch may be sent again.
    """
    live: int = await executor.fetchval(
        """
        with live as materialized (
            select id, tenant from ledger.tasks
            where id = $1 and attempt = $2 and state = 'running' and lease_until > clock_timestamp()
            for share
        ), added as (
            insert into ledger.events (task_id, attempt, seq, tenant, at, kind, body)
            select live.id, $2, given.seq, live.tenant, given.at, given.kind, given.body::json
            from live, unnest($3::integer[], $4::timestamptz[], $5::text[], $6::text[]) as given (seq, at, kind, body)
            on conflict (task_id, attempt, seq) do nothing
        )
        select count(*) from live, pg_notify('ledger_events', id::text)
        """,
        task_id,
        attempt,
        [seq for seq, _, _ in bodies],
        [at for _, at, _ in bodies],
        [body.kind for _, _, body in bodies],
        [storable(body) for _, _, body in bodies],
    )
    return live > 0


async def events(
    executor: Executor, task_id: UUID, *, after: tuple[int, int] = (0, 0), limit: int = 1000
) -> list[TaskEvent]:
    """Read a task's events in order, from the one behind `after`: attempt and sequence number.

    Raises:
        UnreadableRow: this version cannot read one of them.
    """
    rows = await executor.fetch(
        """
        select task_id, attempt, seq, at, body::text from ledger.events
        where task_id = $1 and (attempt, seq) > ($2, $3)
        order by attempt, seq limit $4
        """,
        task_id,
        *after,
        limit,
    )
    with reading(f"an event of task {task_id}"):
        return [TaskEvent(**{**row, "body": body_adapter.validate_json(row["body"])}) for row in rows]
