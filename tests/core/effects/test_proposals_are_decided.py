"""Who may decide, when, and by what: after a good verdict, by the hash of what was shown, never who asked for it."""

import asyncio
import hashlib
from typing import Any
from uuid import UUID, uuid4

import agent_effects
import pytest
from agent_contracts import TaskResult
from agent_effects import ProposalError, Stored, awaiting_policy, clear_undecided, decide, proposal
from agent_ledger import finish
from fixtures.task_runs import Run

SHOWN = "PATCH /x\n"
HASH = hashlib.sha256(SHOWN.encode()).hexdigest()


async def propose(run: Run, *, seconds: float = 60.0) -> UUID:
    """Store a proposal."""
    stored = Stored({"body": {}}, SHOWN, HASH, None, seconds)
    key = str(uuid4())
    written = run.write(proposal=stored, key=key, fingerprint=key)
    assert (await agent_effects.begin(run.pool, written)).verdict == "begun"
    return written.id


async def end(run: Run, status: Any = "succeeded") -> None:
    """End the task."""
    reason = None if status == "succeeded" else "denied"
    result = TaskResult(task_id=run.task, status=status, reason=reason)
    assert await finish(run.pool, run.task, run.attempt, result)


async def why_not(run: Run, id_: UUID, **changes: Any) -> str:
    """Decide, and give the reason for which that is refused."""
    asked: dict[str, Any] = {"approve": True, "by": "person:ada", "reason": "fine", "sha256": HASH} | changes
    with pytest.raises(ProposalError) as refused:
        await decide(run.pool, id_, **asked)
    return refused.value.reason


async def test_an_approval_is_recorded(task_run: Run) -> None:
    """Who, why, when and by which hash."""
    id_ = await propose(task_run)
    await end(task_run)
    done = await decide(task_run.pool, id_, approve=True, by="person:ada", reason="fine", sha256=HASH)
    assert (done.state, done.decided_by, done.reason, done.skill) == ("approved", "person:ada", "fine", "sample")
    assert await task_run.pool.fetchval("select decided_sha256 from gateway.proposals") == HASH


async def test_what_stands_against_an_approval(task_run: Run) -> None:
    """The verdict comes first; another hash, tenant or an own task is refused; what is decided stays."""
    id_ = await propose(task_run)
    assert await why_not(task_run, id_) == "running"
    await end(task_run)
    assert await why_not(task_run, id_, sha256="0") == "changed"
    assert await why_not(task_run, id_, tenant="other") == "unknown"
    assert await why_not(task_run, uuid4()) == "unknown"
    author = (await proposal(task_run.pool, id_)).author
    assert author is not None
    assert await why_not(task_run, id_, by=author) == "submitter"
    await decide(task_run.pool, id_, approve=False, by="person:ada", reason="no", sha256=HASH)
    assert await why_not(task_run, id_) == "decided"


@pytest.mark.parametrize("by", ["person:bob", "github:bob", "person:Bob"])
async def test_nobody_is_another_by_another_name(task_run: Run, by: str) -> None:
    """Who asked through one door cannot approve through another: the id counts, not its kind or case."""
    id_ = await propose(task_run)
    await end(task_run)
    assert (await proposal(task_run.pool, id_)).author == "person:bob"
    assert await why_not(task_run, id_, by=by) == "submitter"
    done = await decide(task_run.pool, id_, approve=True, by="policy:bob", reason="", sha256=HASH)
    assert done.state == "approved"


async def test_of_two_deciders_one_decides(task_run: Run) -> None:
    """Of an approval and a denial at once one counts, and the other decider gets an error."""
    id_ = await propose(task_run)
    await end(task_run)
    answers = await asyncio.gather(
        *(
            decide(task_run.pool, id_, approve=bool(number % 2), by=f"person:{number}", reason="", sha256=HASH)
            for number in range(6)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, ProposalError) for answer in answers) == 5


@pytest.mark.parametrize("status", ["failed", "cancelled"])
async def test_a_bad_verdict_denies(task_run: Run, status: str) -> None:
    """What a run without a good verdict proposed is denied, whoever would approve it."""
    id_ = await propose(task_run)
    assert await clear_undecided(task_run.pool) == 0
    await end(task_run, status)
    assert await clear_undecided(task_run.pool) == 1
    found = await proposal(task_run.pool, id_)
    assert (found.state, found.reason) == ("denied", f"the task ended as {status}")
    assert await why_not(task_run, id_) == "decided"


async def test_expiry_is_denial(task_run: Run) -> None:
    """Nobody decides in time: neither a person nor a policy can afterwards."""
    id_ = await propose(task_run, seconds=0.05)
    await end(task_run)
    await asyncio.sleep(0.1)
    assert await why_not(task_run, id_) == "expired"
    assert await awaiting_policy(task_run.pool) == []
    await clear_undecided(task_run.pool)
    assert (await proposal(task_run.pool, id_)).state == "expired"


async def test_the_policy_sees_what_can_be_decided(task_run: Run) -> None:
    """Only after the verdict, and not what is held for a person."""
    id_ = await propose(task_run)
    assert await awaiting_policy(task_run.pool) == []
    await end(task_run)
    assert [found.id for found in await awaiting_policy(task_run.pool)] == [id_]
    await decide(task_run.pool, id_, approve=True, by="policy:x", reason="", sha256=HASH)
    assert await agent_effects.approved_by(task_run.pool, "policy:x", tenant="default") == 1
    assert await agent_effects.reopen(task_run.pool, id_, shown="y", sha256="y", base="b", held="changed")
    assert await awaiting_policy(task_run.pool) == []
    assert await agent_effects.approved_by(task_run.pool, "policy:x", tenant="default") == 0
