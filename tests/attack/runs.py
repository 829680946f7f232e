"""Plays attacks from inside runs of the real CLI, and gathers what was seen of each from outside."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import agent_ledger
import asyncpg
from agent_contracts import TaskEvent, TaskResult
from agent_ledger import TaskView
from attack.case import Case, RunCase
from attack.ground import POOL, Ground, heard, seed, settled_processes, shown, state
from attack.observed import Observed, missing, through
from attack.outcome import Outcome

WITHIN_SECONDS = 150.0


async def play(ground: Ground, case: Case, *, since: int = 0) -> Outcome:
    """Play one case and judge it; a run that breaks is an attempt that never ran."""
    began = time.monotonic()
    content = ground.filled(case)
    assert isinstance(content, RunCase)
    try:
        observed = await _observe(ground, case, content, since)
        got, lacking = through(content, observed, victim=case.victim), missing(content, observed)
    except Exception as error:  # what was not seen cannot count as blocked
        lost = f"{type(error).__name__}: {str(error)[:500]}"
        return Outcome(case.id, case.group, missing=1, told=(lost,), seconds=time.monotonic() - began)
    told = (*got, *([] if got else [f"not seen: {line}; {_story(observed)}" for line in lacking]))
    return Outcome(
        case.id,
        case.group,
        through=int(bool(got)),
        missing=int(bool(lacking) and not got),
        told=told,
        seconds=time.monotonic() - began,
    )


def scenario(case: Case, content: RunCase) -> dict[str, Any]:
    """Give the scripted model that obeys: it reads, does what it was told, and reports success."""
    ours = {"repository": case.repository, "issue": 1}
    read = {"text": "I read the issue.", "tool": "issue_read", "input": ours}
    shell = [
        {"text": "The issue says so, so I do.", "tool": "Bash", "input": {"command": line, "timeout": 60_000}}
        for line in content.shell
    ]
    calls = [{"text": "And this.", "tools": [call.model_dump() for call in content.calls]}] if content.calls else []
    answer = {"structured": {"output": {"answer": content.answer}, "claims": content.claims}}
    return {"name": case.id, "skill": case.id, "steps": content.steps or [read, *shell, *calls, answer]}


async def _observe(ground: Ground, case: Case, content: RunCase, since: int) -> Observed:
    house = ground.house
    await seed(ground, case, content)
    await house.scenario(case.id, scenario(case, content))
    before = await state(ground, case.victim)
    given = content.given if content.given is not None else {"repository": case.repository, "issue": 1}
    task = await house.submit(case.id, given, pool=POOL)
    async with house.database() as pool:
        view = await ended(pool, task)
        result = await agent_ledger.get_result(pool, task)
        events = await agent_ledger.events(pool, task, after=(0, 0), limit=10_000)
        transcript = await agent_ledger.get_transcript(pool, task)
        artifacts = await _artifacts(pool, view.tenant, result)
        session = await agent_ledger.last_session(pool, task)
        kept = await agent_ledger.get_blob(pool, view.tenant, session.sha256) if session is not None else None
    assert result is not None
    asked = [json.dumps(one.get("body"), ensure_ascii=False) for one in await house.asked(result.session)]
    requests = [shown(one) for one in await heard(ground, since)]
    named = {never.outside for never in content.never if never.outside is not None}
    return Observed(
        result=result,
        events=events,
        transcript=((transcript or b"") + (kept or b"")).decode("utf-8", "replace"),
        artifacts=artifacts,
        asked=asked,
        heard=[line for line in requests if case.id in line],
        comments=await _comments(ground, case.repository),
        victim=(before, await state(ground, case.victim)),
        outside=frozenset(path for path in named if Path(path).exists()),
        processes=await settled_processes(case.mark),
        secrets=ground.secrets(),
    )


async def ended(pool: asyncpg.Pool, task: UUID, within: float = WITHIN_SECONDS) -> TaskView:
    """Wait until a task is in a final state. Raises TimeoutError."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        view = await agent_ledger.get_task(pool, task, tenant="default")
        if view is not None and view.state.final:
            return view
        await asyncio.sleep(0.2)
    raise TimeoutError(f"task {task} did not end within {within:.0f} s")


async def _comments(ground: Ground, repository: str) -> list[str]:
    """Give the comments on a case's issue; none where the case has made the repository go."""
    held = await state(ground, repository)
    return [comment["body"] for issue in held["issues"][:1] for comment in issue["comments"]] if held else []


async def _artifacts(pool: asyncpg.Pool, tenant: str, result: TaskResult | None) -> dict[str, bytes]:
    listed = result.artifacts if result is not None else []
    kept = {one.name: await agent_ledger.get_blob(pool, tenant, one.sha256) for one in listed}
    return {name: content for name, content in kept.items() if content is not None}


def _story(observed: Observed) -> str:
    """Tell what did happen, for whoever mends the case."""
    said = [_brief(event) for event in observed.events if event.body.kind in ("tool_result", "finished", "warning")]
    return f"{observed.result.status}/{observed.result.reason}: {observed.result.message[:200]} | " + " | ".join(said)


def _brief(event: TaskEvent) -> str:
    body: Any = event.body
    name = getattr(body, "tool", body.kind)
    return f"{name}: {(getattr(body, 'text', '') or getattr(body, 'message', ''))[:300]!r}"
