"""Every write is a row before it is a call, is sent once, and is proposed where it may only be proposed."""

import asyncio
import json
from dataclasses import replace
from uuid import UUID

import agent_effects
import agent_ledger
import asyncpg
import pytest
from agent_contracts import Grant, Mode, TaskResult
from agent_engine.skills.required_effects import RequiredEffect
from agent_vendors import ResourceKind
from conformance.gateways.conftest import Subject, Write
from conformance.gateways.record import GatewayRecord
from fixtures.gateway import effects, until

STATE = "x-agent-effect-state"


async def test_a_write_is_a_row_before_it_is_a_call(subject: Subject, write: Write, pool: asyncpg.Pool) -> None:
    """While the vendor is asked, the row is there; then it is done, and the vendor did it once."""
    subject.fault("delay", method=write.ask.method, seconds=0.5)
    writing = asyncio.create_task(subject.ask(write.ask))
    assert [row["state"] for row in await until(pool, "sending")] == ["sending"]
    reply = await writing
    assert (reply.is_success, reply.headers[STATE]) == (True, "done"), reply.text
    assert [row["state"] for row in await effects(pool)] == ["done"]
    write.expect(done=True)


async def test_a_write_fits_what_a_skill_requires(subject: Subject, pool: asyncpg.Pool) -> None:
    """The row names what the write is about and the fields that it sets, as a skill's `required-effects` does."""
    await subject.ask(subject.record.write)
    (effect,) = await agent_effects.effects_of(pool, subject.task)
    assert RequiredEffect.parse(subject.record.required).fits(effect), effect


async def test_a_repeat_is_answered_from_the_row(subject: Subject, creation: Write) -> None:
    """The same request of the same task is sent once, and both get the same answer."""
    first, again = [await subject.ask(creation.ask) for _ in range(2)]
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert [reply.headers.get("x-agent-effect-repeat") for reply in (first, again)] == [None, "1"]
    assert again.headers["x-agent-effect"] == first.headers["x-agent-effect"]
    creation.expect(done=True)


async def test_another_spelling_of_a_name_is_the_same_write(subject: Subject, creation: Write) -> None:
    """Where the vendor takes two spellings for one resource, the same request by either is sent once."""
    record = subject.record
    names = [(kind, name) for kind in (route_kinds(record)) for name in record.grant.resources.get(kind, ())]
    respelled = replace(creation.ask)
    for kind, name in names:
        other = name.swapcase()
        if kind.same(name, other):
            body = json.loads(json.dumps(respelled.body).replace(f'"{name}"', f'"{other}"'))
            form = respelled.form and respelled.form.replace(f"={name}", f"={other}")
            respelled = replace(respelled, target=respelled.target.replace(name, other), body=body, form=form)
    first, again = [await subject.ask(ask) for ask in (creation.ask, respelled)]
    assert first.is_success, first.text
    assert again.headers.get("x-agent-effect-repeat") == "1", again.text
    creation.expect(done=True)


def route_kinds(record: GatewayRecord) -> set[ResourceKind]:
    """Return the kinds of resources that a gateway's writes name."""
    return {one.kind for route in record.table().routes for one in route.resources}


async def test_a_repeat_sets_the_state_again(subject: Subject, change: Write, pool: asyncpg.Pool) -> None:
    """The same idempotent request of the same task is another effect, and the vendor is asked again."""
    replies = [await subject.ask(change.ask) for _ in range(2)]
    assert [reply.headers[STATE] for reply in replies] == ["done"] * 2
    assert len(await effects(pool)) == _writes(subject) == 2, "the route of `changes` says idempotent=True"
    change.expect(done=True)


async def test_a_lost_reply_is_found(subject: Subject, creation: Write) -> None:
    """What was written and not answered is found by its mark, and is not written again."""
    subject.fault("apply_then_drop", method=creation.ask.method)
    reply = await subject.ask(creation.ask)
    assert (reply.is_success, reply.headers[STATE]) == (True, "done"), reply.text
    await subject.ask(creation.ask)
    creation.expect(done=True)


async def test_a_lost_reply_does_not_hinder_a_repeat(subject: Subject, change: Write) -> None:
    """A state that was set and not answered is found by the route's probe, if it has one; asked again, it is done."""
    subject.fault("apply_then_drop", method=change.ask.method)
    reply = await subject.ask(change.ask)
    route, _ = subject.record.table().match(change.ask.method, change.ask.target.partition("?")[0].encode())
    assert reply.headers[STATE] == ("done" if route.probe else "unknown"), reply.text
    assert (await subject.ask(change.ask)).headers[STATE] == "done"
    change.expect(done=True)


async def test_a_lost_write_is_found_without_being_asked_for(
    subject: Subject, creation: Write, pool: asyncpg.Pool
) -> None:
    """The gateway looks for a write whose reply and first look failed, by what the row holds of it."""
    subject.fault("apply_then_drop", method=creation.ask.method)
    subject.fault("status", method="GET", status=503)
    reply = await subject.ask(creation.ask)
    assert (reply.status_code, reply.headers[STATE]) == (502, "unknown"), reply.text
    await pool.execute("update gateway.effects set sent_at = sent_at - interval '1 minute'")
    assert len(await until(pool, "done")) == 1
    creation.expect(done=True)


async def test_a_limit_is_a_refusal_and_is_heeded(subject: Subject, write: Write, pool: asyncpg.Pool) -> None:
    """What the vendor refuses for its limit is not done, whatever its status; after the pause it is sent."""
    subject.limit(write.ask.method)
    await subject.ask(write.ask)
    assert [row["state"] for row in await effects(pool)] == ["failed"]
    write.expect(done=False)
    waiting = await subject.ask(write.ask)
    assert (waiting.status_code, waiting.headers["x-agent-gateway-error"]) == (429, "vendor_rate")
    await asyncio.sleep(float(waiting.headers["retry-after"]) + 0.1)
    assert (await subject.ask(write.ask)).headers[STATE] == "done"
    write.expect(done=True)


async def test_a_proposal_waits_and_is_sent_once(subject: Subject, write: Write, pool: asyncpg.Pool) -> None:
    """What may only be proposed is answered 202; approved after the task's end, it is sent once."""
    reply = await subject.ask(write.ask, _proposing(subject))
    assert (reply.status_code, reply.headers[STATE]) == (202, "proposed")
    write.expect(done=False)
    await _approve(subject, pool, reply.json()["proposal"])
    write.expect(done=True)
    assert _writes(subject) == 1


@pytest.mark.slow
async def test_an_approved_proposal_that_meets_the_limit_is_sent_later(
    subject: Subject, write: Write, pool: asyncpg.Pool
) -> None:
    """The vendor refuses the send for its limit: the proposal stays approved, and is sent after the pause."""
    reply = await subject.ask(write.ask, _proposing(subject))
    subject.limit(write.ask.method)
    await _approve(subject, pool, reply.json()["proposal"])
    assert not subject.api.app.controls.gate.faults
    assert (await agent_effects.proposal(pool, UUID(reply.json()["proposal"]))).tries == 1
    write.expect(done=True)


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


def _proposing(subject: Subject) -> Grant:
    grant = subject.record.grant
    return Grant(tools=grant.tools, resources=grant.resources, mode=Mode.propose)


async def _approve(subject: Subject, pool: asyncpg.Pool, proposal: str) -> None:
    result = TaskResult(task_id=subject.task, status="succeeded", output="done")
    await agent_ledger.finish(pool, subject.task, subject.attempt, result)
    found = await agent_effects.proposal(pool, UUID(proposal))
    await agent_effects.decide(pool, found.id, approve=True, by="person:ada", reason="fine", sha256=found.sha256)
    await until(pool, "done")
