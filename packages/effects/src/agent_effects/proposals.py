"""Proposals: writes that were stored and not sent, until a policy or a person decides and the gateway sends them.

No proposal is decided before the task's verdict, and those of a failed task are denied. An approval names the hash of
the text that was shown, and never comes from the one who asked for the task.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from agent_stores.pool import Executor

from agent_effects.errors import ProposalError
from agent_effects.models import State


@dataclass(frozen=True)
class Proposal:
    """A proposal as it is now.

    Attributes:
        id: the effect's id.
        author: who asked for the task, or for the write itself, as `kind:id`.
        task_state: the state of the task.
        shown: the text that an approver reads; `sha256` is its hash.
        base: the fingerprint of what it changes, when it was shown.
        held: why it was not sent after an approval and waits for another.
        reason: the reason of the decision.
        tries: how often sending it failed since its approval.
        try_at: when the gateway tries next.
        delay: what prevented the last send, as `reason: message`.
    """

    id: UUID
    tenant: str
    task: UUID | None
    attempt: int | None
    skill: str | None
    author: str | None
    task_state: str | None
    vendor: str
    tool: str | None
    route: str
    target: str
    state: State
    call: dict[str, Any]
    shown: str
    sha256: str
    base: str | None
    held: str | None
    proposed_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    tries: int
    try_at: datetime | None
    delay: str | None
    sends: int
    url: str | None
    detail: str | None


AUTHOR = "coalesce(o.author, case when e.caller like 'person:%' then e.caller end)"
SELECT = f"""
    select e.id, e.tenant, e.task_id as task, e.attempt, o.skill, o.state as task_state, e.vendor, e.tool, e.route,
        {AUTHOR} as author, e.target, e.state, p.call, p.shown, p.shown_sha256 as sha256, p.base, p.held, p.proposed_at,
        p.expires_at, p.decided_at, p.decided_by, p.decision_reason as reason, p.tries, p.try_at, p.delay,
        e.sends, e.url, e.detail
    from gateway.proposals p join gateway.effects e on e.id = p.effect_id
    left join lateral ledger.outcome(e.task_id) o on true
"""  # noqa: S608 - constant columns


async def proposals(
    conn: Executor,
    *,
    tenant: str | None = None,
    task: UUID | None = None,
    states: Sequence[State] = (),
    before: datetime | None = None,
    most: int = 50,
) -> list[Proposal]:
    """List proposals, newest first. Without states all count; those proposed `before` a time are the next page."""
    rows = await conn.fetch(
        f"""
        {SELECT} where ($1::text is null or e.tenant = $1) and ($2::uuid is null or e.task_id = $2)
            and ($3::text[] = '{{}}' or e.state = any($3)) and ($4::timestamptz is null or p.proposed_at < $4)
        order by p.proposed_at desc, e.id desc limit $5
        """,
        tenant,
        task,
        list(states),
        before,
        most,
    )
    return [Proposal(**dict(row)) for row in rows]


async def proposal(conn: Executor, effect_id: UUID, *, tenant: str | None = None) -> Proposal:
    """Return one proposal.

    Raises:
        ProposalError: `unknown`: the tenant has no such proposal.
    """
    row = await conn.fetchrow(f"{SELECT} where e.id = $1 and ($2::text is null or e.tenant = $2)", effect_id, tenant)
    if row is None:
        raise ProposalError("unknown", f"there is no proposal {effect_id}")
    return Proposal(**dict(row))


async def decide(
    conn: Executor,
    effect_id: UUID,
    *,
    approve: bool,
    by: str,
    reason: str,
    sha256: str,
    tenant: str | None = None,
) -> Proposal:
    """Approve or deny, by the hash of what was shown.

    Who decides is recorded as `kind:id`: one id is one person, whatever the kind and the case of the letters. So is the
    reason, which is shown where it is denied.

    Raises:
        ProposalError: `unknown`, `decided`, `changed`, `running`, `submitter` or `expired`.
    """
    decided = await conn.fetchval(
        f"""
        with decidable as (
            select e.id from gateway.effects e join gateway.proposals p on p.effect_id = e.id
            left join lateral ledger.outcome(e.task_id) o on true
            where e.id = $1 and ($2::text is null or e.tenant = $2) and e.state = 'proposed'
                and p.shown_sha256 = $3 and p.expires_at > clock_timestamp()
                and (not $4 or ((e.task_id is null or o.state = 'succeeded') and e.caller <> $5
                    and lower(regexp_replace({AUTHOR}, '^[^:]*:', '')) is distinct from lower($7)))
            for update of e, p
        ), moved as (
            update gateway.effects e set state = case when $4 then 'approved' else 'denied' end,
                settled_at = case when $4 then null else clock_timestamp() end,
                detail = case when $4 then null else $6 end
            from decidable d where e.id = d.id returning e.id
        )
        update gateway.proposals p set decided_at = clock_timestamp(), decided_by = $5, decision_reason = $6,
            decided_sha256 = $3
        from moved m where p.effect_id = m.id returning p.effect_id
        """,  # noqa: S608 - a constant expression
        effect_id,
        tenant,
        sha256,
        approve,
        by,
        reason,
        _id(by),
    )
    found = await proposal(conn, effect_id, tenant=tenant)
    if decided is None:
        raise _why_not(found, by=by, sha256=sha256)
    return found


async def clear_undecided(conn: Executor) -> int:
    """Deny proposals of tasks that did not succeed, expire those that waited too long, and return how many."""
    count: int = await conn.fetchval(
        """
        with ending as (
            select e.id, case when p.expires_at <= clock_timestamp() then 'expired' else 'denied' end as state,
                case when p.expires_at <= clock_timestamp() then 'nobody decided in time'
                    else 'the task ended as ' || coalesce(o.state, 'gone') end as reason
            from gateway.effects e join gateway.proposals p on p.effect_id = e.id
            left join lateral ledger.outcome(e.task_id) o on true
            where e.state = 'proposed' and p.decided_at is null and (p.expires_at <= clock_timestamp()
                or (e.task_id is not null and (o.state is null or o.state in ('failed', 'cancelled', 'rejected'))))
            for update of e, p skip locked
        ), moved as (
            update gateway.effects e set state = n.state, detail = n.reason, settled_at = clock_timestamp()
            from ending n where e.id = n.id returning e.id, n.reason
        ), noted as (
            update gateway.proposals p set decided_at = clock_timestamp(), decided_by = 'house:verdict',
                decision_reason = m.reason
            from moved m where p.effect_id = m.id returning 1
        )
        select count(*) from noted
        """
    )
    return count


async def awaiting_policy(conn: Executor, *, after: Proposal | None = None, most: int = 100) -> list[Proposal]:
    """Return the oldest proposals that can be decided now: their task succeeded, and none is held for a person.

    Those proposed after one are the next page.
    """
    rows = await conn.fetch(
        f"""
        {SELECT} where e.state = 'proposed' and p.held is null and p.decided_at is null
            and (e.task_id is null or o.state = 'succeeded') and p.expires_at > clock_timestamp()
            and ($1::timestamptz is null or (p.proposed_at, e.id) > ($1, $2::uuid))
        order by p.proposed_at, e.id limit $3
        """,
        after.proposed_at if after else None,
        after.id if after else None,
        most,
    )
    return [Proposal(**dict(row)) for row in rows]


async def approved_by(conn: Executor, by: str, *, tenant: str) -> int:
    """Return how many proposals somebody approved for a tenant in the last hour."""
    count: int = await conn.fetchval(
        """
        select count(*) from gateway.proposals p join gateway.effects e on e.id = p.effect_id
        where p.decided_by = $1 and e.tenant = $2 and e.state <> 'denied'
            and p.decided_at > clock_timestamp() - interval '1 hour'
        """,
        by,
        tenant,
    )
    return count


def _id(who: str) -> str:
    """Return the id of `kind:id`. A policy's is never equal to a person's."""
    return who if who.startswith("policy:") else who.partition(":")[2] or who


def _why_not(found: Proposal, *, by: str, sha256: str) -> ProposalError:
    if found.state != "proposed":
        who = f" by {found.decided_by}" if found.decided_by else ""
        return ProposalError("decided", f"proposal {found.id} is {found.state}{who} already")
    if found.sha256 != sha256:
        message = (
            f"proposal {found.id} has another text than the one that was decided on: its hash is now {found.sha256}"
        )
        return ProposalError("changed", message)
    if found.author is not None and _id(found.author).lower() == _id(by).lower():
        return ProposalError("submitter", f"{by} cannot approve what {found.author} asked for")
    if found.task_state not in (None, "succeeded"):
        return ProposalError("running", f"task {found.task} is {found.task_state}: wait for its verdict")
    return ProposalError("expired", f"proposal {found.id} expired at {found.expires_at:%Y-%m-%d %H:%M:%S} UTC")
