"""Effects, in table `gateway.effects`: a write is a row before it is a call, and is settled once.

A row's states: sending, then done, failed or unknown for good. The fence stands in the insert itself.
"""

from typing import Any, Literal
from uuid import UUID

from agent_contracts import EffectSummary
from agent_stores.pool import Executor

from agent_effects.errors import EffectError

SENDING_SECONDS = 120.0
"""Longer than any vendor's time limit: a row that is `sending` for longer reads as `unknown`."""


async def begin(
    conn: Executor,
    *,
    id: UUID,  # noqa: A002 - the column's name
    tenant: str,
    task: UUID | None,
    attempt: int | None,
    caller: str,
    vendor: str,
    tool: str | None,
    route: str,
    target: str,
    method: str,
    request: dict[str, Any],
) -> bool:
    """Write down that a call is about to be sent; False where the task's attempt no longer holds its lease.

    Args:
        conn: a connection or a pool; the row must be committed before the call is sent.
        id: the effect's own random id.
        tenant: whose write it is.
        task: the task that writes, with `attempt`; None for a caller without a task.
        attempt: the attempt that writes: the fence refuses any but the one that runs.
        caller: the service whose token came with the request.
        vendor: where it goes.
        tool: the tool that asked for it, where there is one.
        route: the route's name in the vendor's table.
        target: what is written to, in the vendor's own words.
        method: the HTTP method.
        request: what identifies the request, without secrets: path, hash of the body, and as `fields` the names of the
            body's fields.

    Raises:
        ValueError: a task without an attempt, or an attempt without a task.
    """
    if (task is None) != (attempt is None):
        raise ValueError("an effect of a task needs the attempt too, and only that")
    inserted = await conn.fetchval(
        """
        insert into gateway.effects
            (id, tenant, task_id, attempt, caller, vendor, tool, route, target, method, request)
        select $1, $2, $3::uuid, $4::integer, $5, $6, $7, $8, $9, $10, $11
        where $3::uuid is null or ledger.live($3::uuid, $4::integer)
        returning true
        """,
        id,
        tenant,
        task,
        attempt,
        caller,
        vendor,
        tool,
        route,
        target,
        method,
        request,
    )
    return inserted is True


async def settle(
    conn: Executor,
    id: UUID,  # noqa: A002 - the column's name
    *,
    state: Literal["done", "failed", "unknown"],
    status: int | None = None,
    url: str | None = None,
    detail: str | None = None,
) -> None:
    """Say what became of a call; saying the same again changes nothing.

    No fence: what was sent before the lease ended is true whoever runs the task now.

    Args:
        conn: a connection or a pool.
        id: the effect.
        state: done, failed (it has had no effect) or unknown (it may have had one).
        status: the vendor's HTTP status, where there was one.
        url: where a reader finds what was written.
        detail: why it failed or is unknown.

    Raises:
        EffectError: there is no such effect, or it was settled otherwise.
    """
    before = await conn.fetchval(
        """
        with before as (select id, state from gateway.effects where id = $1 for update),
        settled as (
            update gateway.effects e
            set state = $2, status = $3, url = $4, detail = $5, settled_at = clock_timestamp()
            from before b where e.id = b.id and b.state = 'sending'
        )
        select state from before
        """,
        id,
        state,
        status,
        url,
        detail,
    )
    if before is None:
        raise EffectError(f"there is no effect {id}: begin it before it is sent")
    if before not in ("sending", state):
        raise EffectError(f"effect {id} is settled as {before} and cannot become {state}")


async def effects_of(conn: Executor, task: UUID, *, sending_seconds: float = SENDING_SECONDS) -> list[EffectSummary]:
    """Give the writes of a task over all attempts, oldest first; one that is `sending` for too long reads `unknown`."""
    rows = await conn.fetch(
        """
        select id, attempt, vendor, tool, route, target, url,
            array(select jsonb_array_elements_text(coalesce(request -> 'fields', '[]'))) as fields,
            case when state = 'sending' and began_at < clock_timestamp() - make_interval(secs => $2)
                then 'unknown' else state end as state
        from gateway.effects where task_id = $1 order by began_at, id
        """,
        task,
        sending_seconds,
    )
    return [EffectSummary(**dict(row)) for row in rows]
