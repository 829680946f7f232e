"""Every write is a row before it is a call, is sent once, and is proposed where it may only be proposed."""

import asyncio
from uuid import UUID

import agent_effects
import agent_ledger
import asyncpg
from agent_contracts import Grant, Mode, TaskResult
from agent_engine.skills.required_effects import RequiredEffect
from conformance.gateways.conftest import Subject
from fixtures.gateway import effects, until

STATE = "x-agent-effect-state"


async def test_a_write_is_a_row_before_it_is_a_call(subject: Subject, pool: asyncpg.Pool) -> None:
    """While the vendor is asked, the row is there; then it is done, and the thing is there once."""
    before = await subject.count()
    subject.fault("delay", seconds=0.5)
    writing = asyncio.create_task(subject.ask(subject.record.create))
    assert [row["state"] for row in await until(pool, "sending")] == ["sending"]
    reply = await writing
    assert (reply.is_success, reply.headers[STATE]) == (True, "done")
    assert [row["state"] for row in await effects(pool)] == ["done"]
    assert await subject.count() == before + 1


async def test_a_write_fits_what_a_skill_requires(subject: Subject, pool: asyncpg.Pool) -> None:
    """The row names what the write is about and the fields that it sets, as a skill's `required-effects` does."""
    await subject.ask(subject.record.create)
    (effect,) = await agent_effects.effects_of(pool, subject.task)
    assert RequiredEffect.parse(subject.record.required).fits(effect), effect


async def test_a_repeat_is_answered_from_the_row(subject: Subject) -> None:
    """The same request of the same task is sent once, and both get the same answer."""
    before = await subject.count()
    first, again = [await subject.ask(subject.record.create) for _ in range(2)]
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert [reply.headers.get("x-agent-effect-repeat") for reply in (first, again)] == [None, "1"]
    assert again.headers["x-agent-effect"] == first.headers["x-agent-effect"]
    assert await subject.count() == before + 1


async def test_a_lost_reply_is_found(subject: Subject) -> None:
    """What was written and not answered is found by its mark, and is not written again."""
    before = await subject.count()
    subject.fault("apply_then_drop")
    reply = await subject.ask(subject.record.create)
    assert (reply.is_success, reply.headers[STATE]) == (True, "done"), reply.text
    await subject.ask(subject.record.create)
    assert await subject.count() == before + 1


async def test_a_lost_write_is_found_without_being_asked_for(subject: Subject, pool: asyncpg.Pool) -> None:
    """The gateway looks for a write whose reply and first look failed, by what the row holds of it."""
    before = await subject.count()
    subject.fault("apply_then_drop")
    subject.fault("status", method="GET", status=503)
    reply = await subject.ask(subject.record.create)
    assert (reply.status_code, reply.headers[STATE]) == (502, "unknown"), reply.text
    await pool.execute("update gateway.effects set sent_at = sent_at - interval '1 minute'")
    assert len(await until(pool, "done")) == 1
    assert await subject.count() == before + 1


async def test_a_limit_is_a_refusal_and_is_heeded(subject: Subject, pool: asyncpg.Pool) -> None:
    """What the vendor refuses for its limit is not done, whatever its status; after the pause it is sent."""
    before = await subject.count()
    subject.api.app.controls.gate.faults.append(subject.record.limited.model_copy())
    await subject.ask(subject.record.create)
    assert [row["state"] for row in await effects(pool)] == ["failed"]
    waiting = await subject.ask(subject.record.create)
    assert (waiting.status_code, waiting.headers["x-agent-gateway-error"]) == (429, "vendor_rate")
    await asyncio.sleep(float(waiting.headers["retry-after"]) + 0.1)
    assert (await subject.ask(subject.record.create)).headers[STATE] == "done"
    assert await subject.count() == before + 1


async def test_a_proposal_waits_and_is_sent_once(subject: Subject, pool: asyncpg.Pool) -> None:
    """What may only be proposed is answered 202; approved after the task's end, it is sent once."""
    record, before = subject.record, await subject.count()
    proposing = Grant(tools=record.grant.tools, resources=record.grant.resources, mode=Mode.propose)
    reply = await subject.ask(record.create, proposing)
    assert (reply.status_code, reply.headers[STATE]) == (202, "proposed")
    assert await subject.count() == before
    await _approve(subject, pool, reply.json()["proposal"])
    assert await subject.count() == before + 1


async def test_an_approved_proposal_that_meets_the_limit_is_sent_later(subject: Subject, pool: asyncpg.Pool) -> None:
    """The vendor refuses the send for its limit: the proposal stays approved, and is sent after the pause."""
    record, before = subject.record, await subject.count()
    proposing = Grant(tools=record.grant.tools, resources=record.grant.resources, mode=Mode.propose)
    reply = await subject.ask(record.create, proposing)
    subject.api.app.controls.gate.faults.append(record.limited.model_copy())
    await _approve(subject, pool, reply.json()["proposal"])
    assert not subject.api.app.controls.gate.faults
    assert (await agent_effects.proposal(pool, UUID(reply.json()["proposal"]))).tries == 1
    assert await subject.count() == before + 1


async def test_danger_is_known_by_the_body(subject: Subject, pool: asyncpg.Pool) -> None:
    """A dangerous request of a task is a proposal, and a harmless one of the same route is sent."""
    for ask in subject.record.harmless:
        assert (await subject.ask(ask)).headers[STATE] == "done"
    sent = _writes(subject)
    for ask in subject.record.dangerous:
        reply = await subject.ask(ask)
        assert (reply.status_code, reply.headers[STATE]) == (202, "proposed")
    assert _writes(subject) == sent


def _writes(subject: Subject) -> int:
    """Count the writes that reached the vendor; a proposal may read there what it would change."""
    return sum(one["method"] != "GET" for one in subject.sent)


async def _approve(subject: Subject, pool: asyncpg.Pool, proposal: str) -> None:
    result = TaskResult(task_id=subject.task, status="succeeded", output="done")
    await agent_ledger.finish(pool, subject.task, subject.attempt, result)
    found = await agent_effects.proposal(pool, UUID(proposal))
    await agent_effects.decide(pool, found.id, approve=True, by="person:ada", reason="fine", sha256=found.sha256)
    await until(pool, "done")
