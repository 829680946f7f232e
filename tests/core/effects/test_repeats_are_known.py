"""A key makes a repeat known, whoever asks again; a limit counts over all attempts; a lost send is taken up once."""

import asyncio
from typing import Any
from uuid import uuid4

import agent_effects
import asyncpg
import pytest
from agent_effects import settle, take_open
from fixtures.task_runs import Run

KEYED: dict[str, Any] = {"key": "auto:1", "fingerprint": "1"}


async def test_the_same_request_finds_its_row(task_run: Run) -> None:
    """A repeat gets the first row with its answer, in this attempt and in the next."""
    first = uuid4()
    assert await task_run.begin(first, **KEYED)
    await settle(task_run.pool, first, state="done", status=201, answer=b"{}", answer_type="application/json")
    again = await agent_effects.begin(task_run.pool, task_run.write(**KEYED))
    assert again.verdict == "repeat"
    assert again.earlier is not None
    assert (again.earlier.id, again.earlier.status, again.earlier.answer) == (first, 201, b"{}")
    await task_run.lose()
    later = await agent_effects.begin(task_run.pool, task_run.write(attempt=2, **KEYED))
    assert later.verdict == "repeat"


async def test_another_request_under_a_key_is_a_conflict(task_run: Run) -> None:
    """One key is one request."""
    await task_run.begin(**KEYED)
    other = await agent_effects.begin(task_run.pool, task_run.write(key="auto:1", fingerprint="2"))
    assert other.verdict == "conflict"
    assert other.earlier is not None


async def test_what_failed_may_be_tried_again(task_run: Run) -> None:
    """A write that had no effect does not hold its key."""
    first = uuid4()
    await task_run.begin(first, **KEYED)
    await settle(task_run.pool, first, state="failed", status=422)
    assert await task_run.begin(**KEYED)


async def test_keys_are_the_owners(task_run: Run, pool: asyncpg.Pool) -> None:
    """The same key of a service, or of another tenant, is another one."""
    await task_run.begin(**KEYED)
    assert await task_run.begin(task=None, attempt=None, **KEYED)
    assert await task_run.begin(task=None, attempt=None, tenant="other", **KEYED)
    assert not await task_run.begin(task=None, attempt=None, **KEYED)


async def test_of_many_at_once_one_begins(task_run: Run) -> None:
    """However they interleave, one request begins, and the others find it."""
    answers = await asyncio.gather(*(agent_effects.begin(task_run.pool, task_run.write(**KEYED)) for _ in range(20)))
    assert sorted(answer.verdict for answer in answers) == ["begun"] + ["repeat"] * 19


async def test_limits_count_over_attempts_and_at_once(task_run: Run) -> None:
    """The grant's limit holds against requests at once, and against a new attempt; failed writes do not count."""
    failed = uuid4()
    await task_run.begin(failed, limit=3)
    await settle(task_run.pool, failed, state="failed")
    answers = await asyncio.gather(*(agent_effects.begin(task_run.pool, task_run.write(limit=3)) for _ in range(10)))
    assert sorted(answer.verdict for answer in answers) == ["begun"] * 3 + ["limit"] * 7
    await task_run.lose()
    assert not await task_run.begin(attempt=2, limit=3)
    assert await task_run.begin(attempt=2, limit=3, tool="add_issue_comment")


async def test_open_ones_are_probed_by_one_at_growing_distances(task_run: Run) -> None:
    """A young row is not probed; of two probers one gets a row; the intervals between its probes grow."""
    lost = uuid4()
    await task_run.begin(lost)
    assert await take_open(task_run.pool, "github", older_than=30) == []
    age = "update gateway.effects set sent_at = clock_timestamp() - interval '31 seconds'"
    await task_run.pool.execute(age)
    assert await take_open(task_run.pool, "jira", older_than=30) == []
    both = await asyncio.gather(*(take_open(task_run.pool, "github", older_than=30) for _ in range(2)))
    assert [row.id for rows in both for row in rows] == [lost]
    for seconds, found in ((29, 0), (31, 1), (59, 0), (61, 1)):
        await task_run.pool.execute(
            "update gateway.effects set probed_at = clock_timestamp() - make_interval(secs => $1)", float(seconds)
        )
        assert len(await take_open(task_run.pool, "github", older_than=30)) == found, seconds


async def test_unknown_can_be_found_out(task_run: Run) -> None:
    """What a probe finds settles an unknown effect, for good."""
    lost = uuid4()
    await task_run.begin(lost)
    await settle(task_run.pool, lost, state="unknown")
    await settle(task_run.pool, lost, state="done", status=201, url="https://example.org/1")
    with pytest.raises(agent_effects.EffectError):
        await settle(task_run.pool, lost, state="failed")
