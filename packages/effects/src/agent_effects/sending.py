"""Approved proposals: a gateway sends each once, and holds those whose target has changed.

The gateway tries again to send what it could not send, at growing intervals, for a day after the approval.
"""

from collections.abc import Collection
from uuid import UUID

from agent_stores.pool import Executor

from agent_effects.proposals import SELECT, Proposal

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 600.0
MOST_SECONDS = 3600.0
"""The longest pause in seconds that a vendor can ask for."""
GIVE_UP_SECONDS = 86_400.0


async def approved(
    conn: Executor, vendor: str, *, but: Collection[UUID] = (), each: int = 4, most: int = 20
) -> list[Proposal]:
    """Return a vendor's approved proposals that are due, tenant by tenant in turn, oldest first.

    A target has only one at a time, so that two proposals of a task stay in order. `but` are those that the gateway is
    already sending, which count among the `each` of one tenant; `most` bounds all.
    """
    rows = await conn.fetch(
        f"""
        with busy as (
            select tenant, target from gateway.effects where id = any($2)
        ), due as (
            select e.id, e.tenant, coalesce(p.try_at, p.decided_at) as since,
                row_number() over (partition by e.tenant, e.target order by p.decided_at, e.began_at, e.id) as nth
            from gateway.effects e join gateway.proposals p on p.effect_id = e.id
            where e.vendor = $1 and e.state = 'approved' and coalesce(p.try_at <= clock_timestamp(), true)
                and not exists (select from busy b where b.tenant = e.tenant and b.target = e.target)
        ), turns as (
            select d.id, d.tenant, d.since, row_number() over (partition by d.tenant order by d.since, d.id) as turn
            from due d where d.nth = 1
        )
        {SELECT} join turns t on t.id = e.id
        where t.turn + (select count(*) from busy b where b.tenant = t.tenant) <= $3
        order by t.turn, t.since, e.id limit $4
        """,  # noqa: S608 - constant columns
        vendor,
        list(but),
        each,
        most,
    )
    return [Proposal(**dict(row)) for row in rows]


async def unsent(conn: Executor, *, seconds: float) -> dict[str, int]:
    """Return for each vendor how many proposals were approved longer ago than this and are not sent."""
    rows = await conn.fetch(
        """
        select e.vendor, count(*) as waiting from gateway.effects e join gateway.proposals p on p.effect_id = e.id
        where e.state = 'approved' and p.decided_at < clock_timestamp() - make_interval(secs => $1)
        group by 1 order by 1
        """,
        seconds,
    )
    return {row["vendor"]: row["waiting"] for row in rows}


async def claim(conn: Executor, effect_id: UUID) -> int | None:
    """Claim an approved proposal to send it. Return the number of this send, or None if another gateway claimed it."""
    sends: int | None = await conn.fetchval(
        """
        update gateway.effects set state = 'sending', sends = sends + 1, sent_at = clock_timestamp()
        where id = $1 and state = 'approved' returning sends
        """,
        effect_id,
    )
    return sends


async def defer(conn: Executor, effect_id: UUID, *, delay: str, seconds: float | None = None) -> str | None:
    """Record what prevents an approved proposal from being sent now, and when the gateway tries again.

    `delay` says what prevents it, as `reason: message`. `seconds` are how long the vendor or a limit asks to wait; by
    default the intervals grow. Return what prevented the try before; None if this was the first.
    """
    before: str | None = await conn.fetchval(
        """
        with before as (
            select p.effect_id, p.delay, p.tries from gateway.proposals p join gateway.effects e on e.id = p.effect_id
            where e.id = $1 and e.state = 'approved' for update of p
        )
        update gateway.proposals p set tries = b.tries + 1, delay = $2, try_at = clock_timestamp() + make_interval(
            secs => case when $3::float8 is null then least($4 * 2 ^ least(b.tries, 20), $5)
                else least(greatest($3, 1), $6) end)
        from before b where p.effect_id = b.effect_id returning b.delay
        """,
        effect_id,
        delay,
        seconds,
        FIRST_SECONDS,
        LONGEST_SECONDS,
        MOST_SECONDS,
    )
    return before


async def release(conn: Executor, effect_id: UUID, *, sends: int) -> bool:
    """Let a proposal be sent again whose send is known to have had no effect."""
    given = await conn.fetchval(
        """
        update gateway.effects e set state = 'approved', settled_at = null, status = null, url = null, detail = null
        from gateway.proposals p where p.effect_id = e.id and e.id = $1 and e.sends = $2
            and e.state in ('sending', 'unknown') returning true
        """,
        effect_id,
        sends,
    )
    return given is True


async def reopen(conn: Executor, effect_id: UUID, *, shown: str, sha256: str, base: str | None, held: str) -> bool:
    """Put an approved proposal back to its deciders, because what it changes is no longer what they were shown."""
    put = await conn.fetchval(
        """
        with moved as (
            update gateway.effects set state = 'proposed' where id = $1 and state = 'approved' returning id
        )
        update gateway.proposals p set shown = $2, shown_sha256 = $3, base = $4, held = $5, decided_at = null,
            decided_by = null, decision_reason = null, decided_sha256 = null, tries = 0, try_at = null, delay = null
        from moved m where p.effect_id = m.id returning true
        """,
        effect_id,
        shown,
        sha256,
        base,
        held,
    )
    return put is True


async def abandon(conn: Executor, effect_id: UUID, *, detail: str, waited: float = 0.0) -> bool:
    """End an approved proposal that may not be sent any more, or that was approved too many seconds ago."""
    ended = await conn.fetchval(
        """
        update gateway.effects e set state = 'failed', detail = $2, settled_at = clock_timestamp()
        from gateway.proposals p where p.effect_id = e.id and e.id = $1 and e.state = 'approved'
            and p.decided_at <= clock_timestamp() - make_interval(secs => $3) returning true
        """,
        effect_id,
        detail,
        waited,
    )
    return ended is True
