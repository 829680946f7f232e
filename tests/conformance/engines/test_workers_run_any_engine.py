"""A worker runs any engine that is installed and named: the same tasks come to the same verdicts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import agent_ledger
import pytest
from agent_contracts.event import Started
from agent_contracts.event import Warning as WarningEvent
from agent_engine.engines.protocol import Engine
from agent_engine.skills.load import load_registry
from agent_engine.worker import Worker
from agent_ledger import Replies
from conformance.engines.registry import OWN_KEY
from core.agent_engine.script import Script
from core.agent_engine.skill_folder import GRANT, write_skill
from core.agent_engine.worker_place import Place

INPUT = {"repository": "octocat/hello-world"}


@pytest.fixture
async def skill(place: Place, engine: Engine) -> AsyncIterator[str]:
    """A skill of this engine that demands a proven read, with a worker at work."""
    name = f"look-{engine.name}"
    write_skill(place.folder / "skills", name, engine=engine.name, required_effects=None, grant=GRANT)
    context = place.context(Script(lambda _: []))
    context = replace(context, engines={engine.name: engine}, registry=load_registry([place.folder / "skills"]))
    stop = asyncio.Event()
    working = asyncio.create_task(Worker(context, Replies({}), database_url=place.database_url).serve(stop))
    while not await agent_ledger.list_skills(place.pool):
        await asyncio.sleep(0.01)
    yield name
    stop.set()
    await working


@pytest.mark.slow
async def test_a_proven_answer_succeeds(place: Place, skill: str, engine: Engine) -> None:
    """An answer that proven replies support succeeds; the engine's word on usage counts where nothing meters it."""
    task = await place.submit(skill, {**INPUT, "do": "PLAY answer"})
    result = await place.result(task)
    assert (result.status, result.message, result.output) == ("succeeded", "", {"answer": "42"})
    metered = engine.capabilities.model_api
    used = (result.usage.input_tokens, result.usage.tool_calls, float(result.cost_usd))
    assert used == (0 if metered else 7, 1, 0)
    bodies = [event.body for event in await place.events(task)]
    (started,) = [body for body in bodies if isinstance(body, Started)]
    assert (started.driver, started.confinement) == (engine.name, engine.confinement)
    warned = [body.message for body in bodies if isinstance(body, WarningEvent)]
    assert warned == ([] if metered else [f"engine {engine.name} spends outside model-api: no budget bounds it"])


@pytest.mark.slow
@pytest.mark.parametrize(("play", "reason", "attempts"), [("give-up", "rate", 2), ("down", "mcp_down", 2)])
async def test_what_may_pass_is_attempted_again(
    place: Place, skill: str, play: str, reason: str, attempts: int
) -> None:
    """A retryable end is attempted again, whatever the engine."""
    task = await place.submit(skill, {**INPUT, "do": f"PLAY {play}"}, retry={"max_attempts": 2})
    result = await place.result(task)
    assert (result.status, result.reason, result.attempts) == ("failed", reason, attempts)


async def test_a_cancel_ends_it(place: Place, skill: str) -> None:
    """A cancelled task is cancelled, whatever the engine."""
    task = await place.submit(skill, {**INPUT, "do": "PLAY silent"})
    await place.until(task, "text")
    await agent_ledger.cancel(place.pool, task, tenant="default", by="test")
    assert (await place.result(task)).status == "cancelled"


@pytest.mark.slow
async def test_what_a_run_holds_is_masked_everywhere(place: Place, skill: str) -> None:
    """What an agent says of its token or its engine's key is masked in events, output, transcript and session."""
    task = await place.submit(skill, {**INPUT, "do": "PLAY leak"})
    result = await place.result(task)
    assert result.output == {"answer": "[secret]"}
    session = await agent_ledger.last_session(place.pool, task)
    assert session is not None
    kept = [await agent_ledger.get_transcript(place.pool, task)]
    kept += [await agent_ledger.get_blob(place.pool, "default", session.sha256)]
    kept += [event.model_dump_json().encode() for event in await place.events(task)]
    assert all(OWN_KEY.encode() not in (text or b"") for text in kept)
