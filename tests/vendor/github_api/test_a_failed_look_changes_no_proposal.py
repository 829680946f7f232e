"""A look that failed is no fact: nobody is shown that nothing is there, and no approval is taken back."""

import asyncio
from functools import partial
from typing import Any

import agent_effects
import asyncpg
import pytest
from vendor.github_api.house import House, running_task
from vendor.github_api.test_proposals_wait_for_approval import ISSUE, approve, proposing, succeed, until


def asking(api: House, task: tuple[Any, int]) -> Any:
    """Ask for a task whose writes are proposals."""
    token = api.token(proposing(), task=task[0], attempt=task[1])
    return partial(api.ask, "PATCH", ISSUE, token=token, tool="issue_write", body={"labels": ["bug"]})


async def test_what_cannot_be_shown_is_not_stored(api: House, pool: asyncpg.Pool) -> None:
    """GitHub fails while a write is proposed: the caller hears so, and the same again is stored."""
    ask = asking(api, await running_task(pool))
    api.fault("status", method="GET", path="issues/1", status=502)
    reply = await ask()
    assert (reply.status_code, reply.json()["reason"]) == (502, "upstream_refused")
    assert not await agent_effects.proposals(pool)
    assert (await ask()).status_code == 202


@pytest.mark.slow
async def test_an_approval_outlives_a_failed_look(api: House, pool: asyncpg.Pool) -> None:
    """GitHub fails before an approved write is sent: it stays approved, and is sent when GitHub is back."""
    task = await running_task(pool)
    await asking(api, task)()
    await succeed(pool, task)
    (found,) = await agent_effects.proposals(pool)
    api.fault("status", method="GET", path="issues/1", status=502, times=100)
    await approve(pool, found)
    async with asyncio.timeout(60):
        while not [seen for seen in api.seen if seen["status"] == 502]:
            await asyncio.sleep(0.05)
    held = await agent_effects.proposal(pool, found.id)
    assert (held.state, held.held) == ("approved", None)
    api.github.controls.gate.faults.clear()
    await until(pool, "done")
