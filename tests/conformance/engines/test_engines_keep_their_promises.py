"""What every engine promises the worker: events, usage, endings, clocks, sessions and no secret in what is kept."""

import asyncio
import time
from typing import Any

import pytest
from agent_contracts.event import Text, ToolCall, ToolResult, UsageEvent
from agent_engine.engines.outcome import unconnected
from agent_engine.run_control import Stop, StopSignal
from conformance.engines.conftest import TOKENS, Heard
from conformance.engines.registry import OWN_KEY


@pytest.mark.slow
async def test_events_come_in_order_and_the_answer_ends_the_run(play: Any, heard: Heard) -> None:
    """Everything that happens is told in its order; an answer ends the run well, also where the CLI stays."""
    began = time.monotonic()
    outcome = await play("answer")
    assert time.monotonic() - began < 15
    assert [type(body) for body in heard.events] == [Text, ToolCall, ToolResult, Text, UsageEvent]
    assert (outcome.failure, outcome.answer["output"]) == (None, {"answer": "42"})
    assert outcome.ended_by in ("answer", "exit")
    assert outcome.servers == {"github": "connected"}
    assert (outcome.used.input_tokens, outcome.used.output_tokens) == (7, 3)


@pytest.mark.slow
async def test_talk_after_the_answer_gives_no_more_time(play: Any) -> None:
    """The grace counts from the answer: an engine that goes on talking is ended as one that stays silent."""
    outcome = await play("go-on")
    assert (outcome.failure, outcome.answer["output"]) == (None, {"answer": "42"})
    assert outcome.ended_by in ("answer", "exit")
    assert outcome.duration_seconds < 15


@pytest.mark.slow
async def test_giving_up_has_its_reason(play: Any) -> None:
    """An engine that comes to no answer says why, from the closed list, and whether another attempt may do better."""
    outcome = await play("give-up")
    assert outcome.failure is not None
    assert (outcome.failure.reason, outcome.failure.retryable, outcome.answer) == ("rate", True, None)


@pytest.mark.parametrize(
    ("reason", "ended"), [(Stop.CANCELLED, "cancelled"), (Stop.SHUTDOWN, "crashed"), (Stop.LOST_LEASE, "crashed")]
)
async def test_a_stop_ends_it_soon(play: Any, heard: Heard, stop: StopSignal, reason: Stop, ended: str) -> None:
    """Within ten seconds of a stop the run is over, and says for what."""
    running = asyncio.create_task(play("silent"))
    await heard.first.wait()
    stop.set(reason)
    async with asyncio.timeout(10):
        outcome = await running
    assert (outcome.ended_by, outcome.failure.reason) == (reason.value, ended)


@pytest.mark.parametrize(
    ("play_name", "clock", "reason"), [("silent", "idle_seconds", "idle"), ("chatter", "wall_seconds", "timeout")]
)
async def test_clocks_end_it(play: Any, play_name: str, clock: str, reason: str) -> None:
    """Silence is ended by the idle clock, endless talk by the wall clock."""
    outcome = await play(play_name, **{clock: 1.5})
    assert (outcome.failure.reason, outcome.answer) == (reason, None)
    assert 1.5 <= outcome.duration_seconds < 15


async def test_a_server_that_is_not_there_is_told(play: Any) -> None:
    """A run whose server is not connected is never a success, and another attempt may do better."""
    outcome = await play("down")
    failure = outcome.failure or unconnected(outcome.servers, ["github"])
    assert failure is not None
    assert (failure.reason, failure.retryable) == ("mcp_down", True)


@pytest.mark.slow
async def test_a_session_goes_on_in_another_run(play: Any, heard: Heard) -> None:
    """The session that one run left is what the next one knows."""
    first = await play("remember")
    assert first.session == b'"first"\n'
    second = await play("recall", resume=first.session)
    assert second.failure is None
    assert '"first"' in (second.session or b"").decode() + str(heard.events[-1])


@pytest.mark.slow
async def test_nothing_that_is_kept_holds_a_secret(play: Any) -> None:
    """Transcript and session come without the run's tokens and without the engine's own key."""
    outcome = await play("leak")
    for kept in (outcome.transcript, outcome.session):
        assert b"[secret]" in kept
        assert not [secret for secret in (OWN_KEY, *TOKENS) if secret.encode() in kept]
