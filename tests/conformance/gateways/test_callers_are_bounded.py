"""What a task may do ends with its attempt, and how much it may ask is its own."""

from uuid import uuid4

import asyncpg
from conformance.gateways.conftest import Subject, Write
from fixtures.gateway import claimed, effects


async def test_each_task_has_its_own_rate(subject: Subject) -> None:
    """Of a task's requests so many pass at once, and the others are told how long to wait; another task's pass."""
    async with subject.api.another(rate_per_second=0.05, rate_burst=3) as url:
        replies = [await subject.ask(subject.record.read, url=url) for _ in range(5)]
        assert [reply.status_code for reply in replies] == [200] * 3 + [429] * 2
        for refused in replies[3:]:
            assert refused.headers["x-agent-gateway-error"] == "rate"
            assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert (await subject.ask(subject.record.read, url=url, task=uuid4())).status_code == 200
    assert len(subject.sent) == 4


async def test_a_stale_attempt_writes_nothing(subject: Subject, write: Write, pool: asyncpg.Pool) -> None:
    """When the lease is over or another attempt runs, a write is held back; the new attempt's goes out."""
    await pool.execute("update ledger.tasks set lease_until = now() - interval '1 second' where id = $1", subject.task)
    replies = [await subject.ask(write.ask)]
    second = await claimed(pool)
    replies += [await subject.ask(write.ask), await subject.ask(write.ask, task=uuid4())]
    told = [(reply.status_code, reply.headers.get("x-agent-gateway-error")) for reply in replies]
    assert told == [(409, "stale_attempt")] * 3
    assert (subject.sent, await effects(pool)) == ([], [])
    assert (await subject.ask(write.ask, attempt=second)).headers["x-agent-effect-state"] == "done"
    assert (await subject.ask(subject.record.read)).status_code == 200
