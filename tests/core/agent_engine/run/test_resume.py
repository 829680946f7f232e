"""The CLI's session as a checkpoint, and a run that goes on from it elsewhere."""

import asyncio
import dataclasses
import json
from typing import Any
from uuid import uuid4

import pytest
from agent_engine.run_control import Stop, StopSignal

pytestmark = [pytest.mark.cli, pytest.mark.apart]


@pytest.mark.slow
async def test_a_session_goes_on_in_another_run(
    spec: Any, start: Any, told: Any, stop: StopSignal, asked_of_model: Any
) -> None:
    """The checkpoint of a run that was killed resumes in a fresh confinement: the model sees what was done before."""
    session = uuid4()
    running = asyncio.create_task(start(spec("PLAY stop-then-go", session_id=session)))
    async with asyncio.timeout(60):
        while not (told.sessions and b"Key first: all is well" in told.sessions[-1]):
            await asyncio.sleep(0.05)
        while len(await asked_of_model()) < 2:
            await asyncio.sleep(0.05)
    stop.set(Stop.LOST_LEASE)
    await running
    checkpoint = told.sessions[-1]
    assert {json.loads(line)["sessionId"] for line in checkpoint.splitlines() if b"sessionId" in line} == {str(session)}

    stop._reason = None
    stop._event.clear()
    end = await start(spec("Go on.", session_id=session, resume=checkpoint))

    assert (end.ended_by, end.failure) == ("exit", None)
    assert f'"session_id":"{session}"'.encode() in end.transcript
    assert end.answer["output"] == {"answer": "resumed"}
    assert len(told.calls("lookup")) == 1
    texts = json.dumps((await asked_of_model())[-1]["messages"])
    assert "Key first: all is well" in texts
    assert "Go on." in texts
    assert end.session is not None
    assert len(end.session) > len(checkpoint)


@pytest.mark.slow
async def test_what_is_kept_holds_no_token(spec: Any, start: Any) -> None:
    """Transcript and session come masked, line by line still JSON: the run's tokens, and shapes of others."""
    github = "ghp_" + "a1B2" * 9
    command = f"echo $ANTHROPIC_API_KEY; cat /run/files/mcp.json; echo {github}"
    of = spec("PLAY bash " + json.dumps({"command": command}), built_in_tools=("Bash",))
    end = await start(of)

    for kept in (end.transcript, end.session):
        assert kept
        assert b"[secret]" in kept
        for secret in (*of.secrets, github):
            assert secret.encode() not in kept
        for line in kept.splitlines():
            json.loads(line)


@pytest.mark.slow
async def test_a_broken_session_is_a_clear_end(spec: Any, start: Any) -> None:
    """A session that the CLI cannot resume ends the run with its own error, not with a hang."""
    end = await start(dataclasses.replace(spec("PLAY talk"), resume=b"not a session\n"))

    assert end.ended_by == "exit"
    assert (end.failure is not None, end.answer) == (True, None)
