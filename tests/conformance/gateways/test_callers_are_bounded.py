"""What a task may do ends with its attempt, and how much it may ask is its own."""

from dataclasses import replace
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


async def test_a_tenants_tasks_share_what_it_has(subject: Subject) -> None:
    """Many tasks of one tenant pass its share of a process no more than one task does."""
    async with subject.api.another(tenant_rate_per_second=0.05, tenant_rate_burst=3) as url:
        replies = [await subject.ask(subject.record.read, url=url, task=uuid4()) for _ in range(5)]
        assert [reply.headers.get("x-agent-gateway-error") for reply in replies] == [None] * 3 + ["rate"] * 2
        assert "the tenant 'default' sent more than its share" in replies[-1].json()["message"]


async def test_a_body_of_brackets_is_refused_unparsed(subject: Subject, write: Write) -> None:
    """A body of more values than may be is refused by that bound, and nothing is written."""
    flat = write.ask.form is not None
    ask = replace(write.ask, form="a=1&" * 20_000) if flat else replace(write.ask, body=[[]] * 200_000)
    reply = await subject.ask(ask)
    assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (400, "body")
    assert ("more than 10000 parameters" if flat else "more than 100000 values") in reply.json()["message"]
    assert subject.sent == []


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
