"""Claims of two tenants' tasks from the ledger."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import agent_ledger
import asyncpg
from agent_ledger import ClaimedTask, Turns
from agent_ledger import migrations as ledger
from agent_stores.migrate import migrate
from agent_stores.pool import open_pool
from fixtures.gateway import SKILL

from bench.ledger_tasks import POOL, claim, finish, submit
from bench.tenants import Subject, Tenants, median_ms

WAITING = 10_000
ELSEWHERE = 200_000
"""How many tasks of the loud tenant wait in the claimed pool, which is its quota, and in one that nobody serves."""
FILL_SECONDS = 120.0


def subject(tenants: Tenants, stack: ExitStack, loop: asyncio.Runner) -> Subject:
    """Make both databases, whose connections the stack closes."""
    claims = Claims(loop, tenants)
    stack.callback(claims.close)
    return Subject("claims", claims.quiet_ms, claims.load)


class Claims:
    """Claims from one database with the quiet tenant's tasks alone, and from another where a loud one's wait too."""

    def __init__(self, loop: asyncio.Runner, tenants: Tenants) -> None:
        self._loop = loop
        self._tenants = tenants
        self._turns = Turns()
        self._alone = loop.run(self._database("claims_alone"))
        self._full = loop.run(self._database("claims_full"))
        loop.run(self._fill())
        self._pool = self._alone

    def close(self) -> None:
        """Close both databases' connections."""
        for pool in (self._alone, self._full):
            pool.terminate()

    def quiet_ms(self) -> float:
        """Give the median time until a task of the quiet tenant is claimed, the claims before it included."""
        return median_ms(lambda: self._loop.run(self._claim()))

    @contextmanager
    def load(self) -> Iterator[None]:
        """Claim where the loud tenant's tasks wait."""
        self._pool = self._full
        try:
            yield
        finally:
            self._pool = self._alone

    async def _database(self, name: str) -> asyncpg.Pool:
        url = self._tenants.stores.database_url
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(f"create database {name}")
        finally:
            await connection.close()
        own = urlsplit(url)._replace(path=f"/{name}").geturl()
        await migrate(own, schema=ledger.SCHEMA, versions=ledger.VERSIONS)
        pool = await open_pool(own, size=1, application="bench")
        await agent_ledger.register_skills(pool, [SKILL])
        return pool

    async def _fill(self) -> None:
        like = await submit(self._full, self._tenants.loud.name)
        kept = (
            "tenant, priority, digest, body, door, vendors, budget, model, max_attempts, engine, skill, skill_version"
        )
        for pool, count in ((POOL, WAITING), ("nobody-serves-it", ELSEWHERE)):
            await self._full.execute(
                f"""
                insert into ledger.tasks (id, pool, not_before, {kept})
                select gen_random_uuid(), $3, not_before - interval '1 hour', {kept}
                from ledger.tasks, generate_series(1, $2) where id = $1
                """,
                like,
                count,
                pool,
                timeout=FILL_SECONDS,
            )
        await self._full.execute("vacuum analyze ledger.tasks", timeout=FILL_SECONDS)

    async def _claim(self) -> float:
        await submit(self._pool, self._tenants.quiet.name)
        taken: list[ClaimedTask] = []
        began = time.perf_counter()
        while not taken or taken[-1].task.tenant != self._tenants.quiet.name:
            taken.append(await claim(self._pool, self._turns))
        took = time.perf_counter() - began
        for claimed in taken:
            await finish(self._pool, claimed)
        return took
