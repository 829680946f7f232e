"""The demo's decision: what a task proposes is shown, approved by the hash of what was shown, and sent once."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from house.lifecycle import House, run_engine

SENT_LIMIT_SECONDS = 60.0
ROUND_SECONDS = 0.3
REASON = "looked at in the demo"


async def approve_all(house: House, task_id: str, say: Callable[[str], None]) -> int:
    """Show and approve what a task proposes, and wait until all of it was sent; 0 if each was, exactly once."""
    waiting = [one for one in await _proposals(house, task_id) if one["state"] == "proposed"]
    say(f"{len(waiting)} proposals wait for a decision, which the agent cannot make itself\n")
    for one in reversed(waiting):
        say((await run_engine(house, "proposals", "show", one["id"])).stdout)
        done = await run_engine(house, "proposals", "approve", one["id"], "--sha256", one["sha256"], "--reason", REASON)
        if done.returncode != 0:
            say(f"the approval was refused: {done.stderr.strip()}")
            return 1
        say(f"approved by its hash: {one['tool']} on {one['target']}")
    sent = await _sent(house, task_id)
    for one in reversed(sent):
        say(f"{one['tool']} on {one['target']}: {one['state']}, sent {_times(one['sends'])} {one['url'] or ''}")
    good = bool(waiting) and all((one["state"], one["sends"]) == ("done", 1) for one in sent)
    return 0 if good else 1


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")


async def _sent(house: House, task_id: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + SENT_LIMIT_SECONDS
    while True:
        found = await _proposals(house, task_id)
        if time.monotonic() > deadline or not any(one["state"] in ("approved", "sending") for one in found):
            return found
        await asyncio.sleep(ROUND_SECONDS)


async def _proposals(house: House, task_id: str) -> list[dict[str, Any]]:
    listed = await run_engine(house, "proposals", "list", "--task", task_id, "--json")
    return [json.loads(line) for line in listed.stdout.splitlines()]
