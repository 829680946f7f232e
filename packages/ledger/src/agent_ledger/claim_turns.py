"""Decides whose task a worker runs next: tenants take turns, and priority orders the tasks of one tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent_stores.pool import Connection
from service_kit.access import Tenant

AGED_SECONDS = 600.0
"""A task that has waited this long counts as one priority higher, and again after the same time."""
MOST_TENANTS = 10_000


@dataclass(frozen=True)
class Head:
    """The oldest due task of one tenant, priority and version of a skill, in one pool.

    Attributes:
        rank: its priority, raised by its age; the lowest goes first.
        running_here: how many tasks of the tenant run in the pools that were asked for.
        running: how many of its tasks run in all pools.
    """

    pool: str
    engine: str
    skill: str
    skill_version: str
    tenant: str
    priority: int
    not_before: datetime
    rank: int
    running_here: int
    running: int


class Turns:
    """One worker's memory of whom it served.

    The tenant goes first whose running tasks are the fewest, by its weight; of equals the one that the worker served
    least, by its weight. A tenant that comes anew starts level with the others: it has saved up no turns.
    """

    def __init__(self) -> None:
        self._served: dict[str, float] = {}
        self._level = 0.0

    def order(self, heads: Sequence[Head], tenants: Mapping[str, Tenant]) -> list[Head]:
        """Order heads by whose turn it is, then by rank and age; tenants at their running quota are left out."""

        def place(head: Head) -> tuple[float, float, int, datetime]:
            share = head.running_here / _entry(tenants, head.tenant).weight
            return share, self._at(head.tenant), head.rank, head.not_before

        return sorted((head for head in heads if _may_run(head, tenants)), key=place)

    def took(self, tenant: str, tenants: Mapping[str, Tenant]) -> None:
        """Remember that a task of the tenant was started."""
        self._level = self._at(tenant)
        self._served[tenant] = self._level + 1 / _entry(tenants, tenant).weight
        if len(self._served) > MOST_TENANTS:
            self._served = {name: at for name, at in self._served.items() if at > self._level}

    def _at(self, tenant: str) -> float:
        return max(self._served.get(tenant, 0.0), self._level)


def running_quota(tenants: Mapping[str, Tenant], tenant: str) -> int | None:
    """Return how many tasks of a tenant may run at once; None if as many as there are slots."""
    return _entry(tenants, tenant).quotas.running


async def due_heads(
    connection: Connection, pools: Sequence[str], engines: Sequence[str], skills: Mapping[str, str]
) -> list[Head]:
    """Find the oldest due task of each tenant, priority and skill, without reading any task behind it."""
    rows = await connection.fetch(
        """
        with recursive lane as (
            select pool, engine, skill, skill_version
            from unnest($1::text[]) as pool, unnest($2::text[]) as engine,
                unnest($3::text[], $4::text[]) as carried (skill, skill_version)
        ), head as (
            select lane.*, first.* from lane cross join lateral (
                select t.tenant, t.priority, t.not_before from ledger.tasks t
                where t.pool = lane.pool and t.engine = lane.engine and t.skill = lane.skill
                    and t.skill_version = lane.skill_version and t.state = 'queued'
                order by t.tenant, t.priority, t.not_before, t.id limit 1) first
            union all
            select head.pool, head.engine, head.skill, head.skill_version, next.* from head cross join lateral (
                select t.tenant, t.priority, t.not_before from ledger.tasks t
                where t.pool = head.pool and t.engine = head.engine and t.skill = head.skill
                    and t.skill_version = head.skill_version and t.state = 'queued'
                    and (t.tenant, t.priority) > (head.tenant, head.priority)
                order by t.tenant, t.priority, t.not_before, t.id limit 1) next
        ), running as (
            select tenant, count(*) as everywhere, count(*) filter (where pool = any ($1)) as here
            from ledger.tasks where state = 'running' group by tenant
        )
        select head.*, head.priority - floor(extract(epoch from now() - head.not_before) / $5)::integer as rank,
            coalesce(running.here, 0) as running_here, coalesce(running.everywhere, 0) as running
        from head left join running on running.tenant = head.tenant where head.not_before <= now()
        """,
        list(pools),
        list(engines),
        list(skills.keys()),
        list(skills.values()),
        AGED_SECONDS,
    )
    return [Head(**row) for row in rows]


def _entry(tenants: Mapping[str, Tenant], tenant: str) -> Tenant:
    return tenants.get(tenant) or Tenant()


def _may_run(head: Head, tenants: Mapping[str, Tenant]) -> bool:
    quota = running_quota(tenants, head.tenant)
    return quota is None or head.running < quota
