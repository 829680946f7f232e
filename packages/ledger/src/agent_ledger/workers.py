"""Which workers live and what each can take, so that whoever waits can be told. Owns table `ledger.workers`.

No claim rests on it: leases alone say who holds what.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent_stores.pool import Executor

LIVE_SECONDS = 45
"""How long a worker counts as alive after it said so; it does so three times in that."""
FORGOTTEN_SECONDS = 86_400


@dataclass(frozen=True)
class WorkerRow:
    """What a worker can take.

    Attributes:
        skills: the version that it carries of each, by name.
        slots: how many tasks it runs at once.
    """

    name: str
    pools: Sequence[str]
    engines: Sequence[str]
    skills: Mapping[str, str]
    slots: int


async def announce(executor: Executor, worker: WorkerRow) -> None:
    """Say that a worker is alive, and forget those that have not said so for a day."""
    await executor.execute(
        """
        with forgotten as (
            delete from ledger.workers
            where name <> $1 and seen_at < clock_timestamp() - make_interval(secs => $6)
        )
        insert into ledger.workers as w (name, pools, engines, skills, slots) values ($1, $2, $3, $4::text::json, $5)
        on conflict (name) do update set pools = excluded.pools, engines = excluded.engines,
            skills = excluded.skills, slots = excluded.slots, seen_at = clock_timestamp()
        """,
        worker.name,
        list(worker.pools),
        list(worker.engines),
        json.dumps(dict(worker.skills)),
        worker.slots,
        float(FORGOTTEN_SECONDS),
    )


async def withdraw(executor: Executor, name: str) -> None:
    """Say that a worker takes no more tasks."""
    await executor.execute("delete from ledger.workers where name = $1", name)


async def workers(executor: Executor) -> list[WorkerRow]:
    """Return the workers that are alive, by name."""
    rows = await executor.fetch(
        """
        select name, pools, engines, skills::text, slots from ledger.workers
        where seen_at > clock_timestamp() - make_interval(secs => $1) order by name
        """,
        float(LIVE_SECONDS),
    )
    return [WorkerRow(**{**dict(row), "skills": json.loads(row["skills"])}) for row in rows]
