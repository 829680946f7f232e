"""Ends tasks: final state, result, last event and outbox rows, always in one transaction.

Owns table `ledger.results` and the rows of `ledger.outbox` until they are due.
"""

from uuid import UUID

from agent_contracts import TaskResult
from agent_contracts.event import Body, Finished
from agent_stores.pool import Connection, Executor, transaction

from agent_ledger.json_encoding import storable


async def finish(executor: Executor, task_id: UUID, attempt: int, result: TaskResult) -> bool:
    """End a task with its attempt's result; return False if the attempt is not live, and then change nothing.

    A `finished` event of the same status is added unless the attempt has one. The result's task and number of attempts
    are set here.
    """
    async with transaction(executor) as connection:
        return await end(connection, task_id, attempt, result, fenced=True)


async def end(connection: Connection, task_id: UUID, attempt: int, result: TaskResult, *, fenced: bool) -> bool:
    """End a task inside a transaction, and wake whoever waits for its end or its slot.

    Unfenced only where the caller holds the row's lock.
    """
    result = result.model_copy(update={"task_id": task_id, "attempts": attempt})
    ended: UUID | None = await connection.fetchval(
        """
        with ended as (
            update ledger.tasks set state = $3, finished_at = clock_timestamp(), lease_until = null
            where id = $1 and attempt = $2 and (
                state = 'running' and lease_until > clock_timestamp()
                or not $6 and state in ('queued', 'running', 'waiting'))
            returning id, tenant, pool, concurrency_key
        ), stored as (
            insert into ledger.results (task_id, tenant, status, reason, body)
            select id, tenant, $3, $4, $5::text::json from ended
        )
        select id, pg_notify('ledger_events', id::text),
            case when concurrency_key is not null then pg_notify('ledger_queued', pool) end
        from ended
        """,
        task_id,
        attempt,
        result.status,
        result.reason,
        storable(result),
        fenced,
    )
    if ended is None:
        return False
    last = Finished(status=result.status, reason=result.reason, message=result.message)
    await append_event(connection, task_id, attempt, last)
    await enqueue_replies(connection, task_id)
    return True


async def append_event(connection: Connection, task_id: UUID, attempt: int, body: Body) -> None:
    """Add an event of the ledger's own after an attempt's last; one that says the same end is not said twice."""
    await connection.execute(
        """
        insert into ledger.events (task_id, attempt, seq, tenant, at, kind, body)
        select t.id, $2, 1 + coalesce(
                (select max(seq) from ledger.events e where e.task_id = t.id and e.attempt = $2), 0),
            t.tenant, clock_timestamp(), $3, $4::text::json
        from ledger.tasks t
        where t.id = $1 and not exists (
            select from ledger.events e
            where e.task_id = t.id and e.attempt = $2 and e.kind = 'finished' and $3 = 'finished'
                and e.body ->> 'status' = $4::text::json ->> 'status')
        """,
        task_id,
        attempt,
        body.kind,
        storable(body),
    )


async def enqueue_replies(connection: Connection, task_id: UUID) -> None:
    """Insert the outbox rows of a task that ended: one for each of its stream entries, one for `reply_to`."""
    await connection.execute(
        """
        with added as (
            insert into ledger.outbox (tenant, task_id, kind, target)
            select t.tenant, t.id, reply.kind, reply.target
            from ledger.tasks t cross join lateral (
                select 'results' as kind, e.stream || '/' || e.entry as target
                from ledger.entries e where e.task_id = t.id
                union all select 'stream', t.body -> 'reply_to' ->> 'stream'
                union all select 'url', t.body -> 'reply_to' ->> 'url'
            ) reply
            where t.id = $1 and reply.target is not null
            on conflict do nothing returning id
        )
        select pg_notify('ledger_outbox', '') where exists (select from added)
        """,
        task_id,
    )
