"""Effects, in table `gateway.effects`: each write has a row before it is sent, and the row records what became of it.

States: proposed, then approved, denied or expired; sending, then done, partial, failed or unknown. An unknown outcome
may still be found out. A key, if a row has one, is unique to tenant and owner; a repeat of the request gets the row.
"""

from typing import Literal
from uuid import UUID

from agent_contracts import EffectSummary
from agent_stores.pool import Executor

from agent_effects.errors import EffectError
from agent_effects.models import Begun, Effect, Write

SENDING_SECONDS = 120.0
"""Longer than any gateway gives its vendor: a row that is `sending` for longer reads as `unknown`."""
PROBE_SECONDS = 15.0
MOST_PROBES = 10


async def begin(conn: Executor, write: Write) -> Begun:
    """Record that a call is about to be sent, or store it as a proposal, unless something forbids it.

    One statement checks the fence (`stale`), the key (`repeat`: the same request is known; `conflict`: another request
    has this key) and the limit (`limit`), and inserts the row. The row must be committed before the call is sent.
    """
    stored = write.proposal
    row = await conn.fetchrow(
        "select verdict, earlier from gateway.begin_effect"
        "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        write.id,
        write.tenant,
        write.task,
        write.attempt,
        write.caller,
        write.vendor,
        write.tool,
        write.route,
        write.target,
        write.method,
        dict(write.request),
        write.key,
        write.fingerprint,
        write.limit,
        stored.call if stored else None,
        stored.shown if stored else None,
        stored.sha256 if stored else None,
        stored.base if stored else None,
        stored.seconds if stored else None,
    )
    assert row is not None
    return Begun(row["verdict"], await effect(conn, row["earlier"]) if row["earlier"] else None)


async def effect(conn: Executor, effect_id: UUID) -> Effect:
    """Return a row.

    Raises:
        EffectError: there is no such effect.
    """
    row = await conn.fetchrow(f"select {_COLUMNS} from gateway.effects e where e.id = $1", effect_id)  # noqa: S608 - constant columns
    if row is None:
        raise EffectError(f"there is no effect {effect_id}")
    return Effect(**row)


async def settle(
    conn: Executor,
    effect_id: UUID,
    *,
    state: Literal["done", "partial", "failed", "unknown"],
    status: int | None = None,
    url: str | None = None,
    detail: str | None = None,
    answer: bytes | None = None,
    answer_type: str | None = None,
) -> None:
    """Record what became of a call. Recording the same again changes nothing.

    There is no fence: what was sent before the lease ended counts, whoever runs the task now. The statement does not
    wait for the disk: an outcome that a crash of PostgreSQL loses is found out as a lost reply is, and nothing that is
    committed after it can survive such a crash without it.

    A state is done, partial (with less than was asked), failed (without effect) or unknown (it may have had one). The
    vendor's reply and its content type answer a repeat; `url` is where a reader finds what was written.

    Raises:
        EffectError: there is no such effect, or it was settled otherwise.
    """
    before = await conn.fetchval(
        """
        with before as (select id, state from gateway.effects where id = $1 for update),
        settled as (
            update gateway.effects e set state = $2, status = $3, url = $4, detail = $5, answer = $6, answer_type = $7,
                settled_at = clock_timestamp()
            from before b where set_config('synchronous_commit', 'off', true) = 'off'
                and e.id = b.id and (b.state = 'sending' or (b.state = 'unknown' and $2 <> 'unknown'))
        )
        select state from before
        """,
        effect_id,
        state,
        status,
        url,
        detail,
        answer,
        answer_type,
    )
    if before is None:
        raise EffectError(f"there is no effect {effect_id}: begin it before it is sent")
    if before not in ("sending", "unknown", state):
        raise EffectError(f"effect {effect_id} is settled as {before} and cannot become {state}")


async def take_open(conn: Executor, vendor: str, *, older_than: float) -> list[Effect]:
    """Take some effects of a vendor whose reply was lost, to find out their outcome. No two callers get the same.

    An effect counts as lost once `older_than` seconds have passed since its send. It is taken at most `MOST_PROBES`
    times, at growing intervals.
    """
    rows = await conn.fetch(
        f"""
        with due as (
            select id from gateway.effects
            where vendor = $1 and state in ('sending', 'unknown')
                and sent_at < clock_timestamp() - make_interval(secs => $2) and probes < $3
                and (probed_at is null or probed_at < clock_timestamp() - make_interval(secs => $4 * 2 ^ probes))
            order by sent_at limit 20 for update skip locked
        )
        update gateway.effects e set probed_at = clock_timestamp(), probes = probes + 1
        from due where e.id = due.id returning {_COLUMNS}
        """,  # noqa: S608 - constant columns
        vendor,
        older_than,
        MOST_PROBES,
        PROBE_SECONDS,
    )
    return [Effect(**row) for row in rows]


async def effects_of(conn: Executor, task: UUID) -> list[EffectSummary]:
    """Return the writes of a task over all attempts, oldest first. One that is `sending` too long reads `unknown`."""
    rows = await conn.fetch(
        """
        select id, attempt, vendor, tool, route, target, url,
            array(select jsonb_array_elements_text(coalesce(request -> 'fields', '[]'))) as fields,
            case when state = 'sending' and sent_at < clock_timestamp() - make_interval(secs => $2)
                then 'unknown' else state end as state
        from gateway.effects where task_id = $1 order by began_at, id
        """,
        task,
        SENDING_SECONDS,
    )
    return [EffectSummary(**dict(row)) for row in rows]


_COLUMNS = """
    e.id, e.tenant, e.task_id as task, e.attempt, e.vendor, e.tool, e.route, e.target, e.request, e.state, e.sends,
    e.status, e.url, e.detail, e.answer, e.answer_type,
    extract(epoch from clock_timestamp() - e.sent_at)::double precision as age
"""
