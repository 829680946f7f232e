"""What a gateway does with approved proposals: sends them once, and holds those that would change something else."""

from uuid import UUID

from agent_stores.pool import Executor

from agent_effects.proposals import SELECT, Proposal


async def approved(conn: Executor, vendor: str, *, most: int = 20) -> list[Proposal]:
    """Give the oldest approved proposals of a vendor, for its gateway to send."""
    rows = await conn.fetch(
        f"{SELECT} where e.vendor = $1 and e.state = 'approved' order by p.decided_at, e.began_at, e.id limit $2",
        vendor,
        most,
    )
    return [Proposal(**dict(row)) for row in rows]


async def unsent(conn: Executor, *, seconds: float) -> dict[str, int]:
    """Count by vendor the proposals that were approved longer ago than this and not sent."""
    rows = await conn.fetch(
        """
        select e.vendor, count(*) as waiting from gateway.effects e join gateway.proposals p on p.effect_id = e.id
        where e.state = 'approved' and p.decided_at < clock_timestamp() - make_interval(secs => $1)
        group by 1 order by 1
        """,
        seconds,
    )
    return {row["vendor"]: row["waiting"] for row in rows}


async def take(conn: Executor, id: UUID) -> bool:  # noqa: A002 - the column's name
    """Take an approved proposal to send it; False where another gateway did."""
    taken = await conn.fetchval(
        """
        update gateway.effects set state = 'sending', sends = sends + 1, sent_at = clock_timestamp()
        where id = $1 and state = 'approved' returning true
        """,
        id,
    )
    return taken is True


async def give_back(conn: Executor, id: UUID, *, sends: int) -> bool:  # noqa: A002 - the column's name
    """Let a proposal whose send is known to have come to nothing be sent again."""
    given = await conn.fetchval(
        """
        update gateway.effects e set state = 'approved', settled_at = null, status = null, url = null, detail = null
        from gateway.proposals p where p.effect_id = e.id and e.id = $1 and e.sends = $2
            and e.state in ('sending', 'unknown') returning true
        """,
        id,
        sends,
    )
    return given is True


async def hold(conn: Executor, id: UUID, *, shown: str, sha256: str, base: str | None, held: str) -> bool:  # noqa: A002
    """Put an approved proposal back before its deciders, as what it changes is not what was shown."""
    put = await conn.fetchval(
        """
        with moved as (
            update gateway.effects set state = 'proposed' where id = $1 and state = 'approved' returning id
        )
        update gateway.proposals p set shown = $2, shown_sha256 = $3, base = $4, held = $5, decided_at = null,
            decided_by = null, decision_reason = null, decided_sha256 = null
        from moved m where p.effect_id = m.id returning true
        """,
        id,
        shown,
        sha256,
        base,
        held,
    )
    return put is True


async def give_up(conn: Executor, id: UUID, *, detail: str) -> bool:  # noqa: A002 - the column's name
    """End an approved proposal that may not be sent any more."""
    ended = await conn.fetchval(
        """
        update gateway.effects set state = 'failed', detail = $2, settled_at = clock_timestamp()
        where id = $1 and state = 'approved' returning true
        """,
        id,
        detail,
    )
    return ended is True
