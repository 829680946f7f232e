"""A limit ends a task wherever it is: what its agent had said is kept, and turns are the task's over all attempts."""

from typing import Any

import pytest
from agent_engine.spec import RunSpec
from core.agent_engine.script import answer, api_error, init, say, speak
from core.agent_engine.worker_place import Place

WORDS = "The issue is a bug in the parser."


def turn(number: int, text: str = "Looking.") -> str:
    """Take a turn of the model's."""
    block = {"type": "text", "text": text}
    return say({"type": "assistant", "message": {"id": f"m{number}", "content": [block], "usage": {"input_tokens": 1}}})


def made_up(text: str) -> str:
    """Say something as the CLI does when it shows an error: a message that no model wrote."""
    content = [{"type": "text", "text": text}]
    return say({"type": "assistant", "message": {"id": "e", "model": "<synthetic>", "content": content}})


@pytest.mark.parametrize(
    ("end", "reason", "fields"),
    [
        ([made_up("API Error: 402"), *api_error(402)], "budget", {}),
        ([answer(subtype="error_max_turns", is_error=True, structured_output=None), "exit 1"], "turns", {}),
        (["sleep 30"], "timeout", {"budget": {"wall_seconds": 1}}),
    ],
)
async def test_what_the_agent_had_said_is_partial_output(
    end: list[str], reason: str, fields: dict[str, Any], place: Place
) -> None:
    """Budget, turns, time: the agent's own last words are the output, marked as partial; the CLI's words are not."""
    async with place.working(lambda spec: [init(spec), speak(WORDS), *end]):
        result = await place.result(await place.submit("plain", **fields))
    assert (result.status, result.reason) == ("failed", reason)
    assert (result.output, result.partial) == (WORDS, True)


async def test_an_answer_is_not_partial(place: Place) -> None:
    """What fits the skill's form is an answer, and stays one where the attempt failed for something else."""
    async with place.working(lambda spec: [init(spec), speak(WORDS), answer()]):
        good = await place.result(await place.submit("plain"))
        bad = await place.result(await place.submit("look"))
    assert (good.output, good.partial) == ({"answer": "42"}, False)
    assert (bad.reason, bad.output, bad.partial) == ("schema", {"answer": "42"}, False)


@pytest.mark.slow
async def test_turns_are_the_tasks_over_all_attempts(place: Place) -> None:
    """Each attempt has the turns that the earlier ones left; with none left it is not run, and keeps what was said."""

    def wander(spec: RunSpec) -> list[str]:
        return [init(spec), turn(1), turn(2, f"{WORDS} ({spec.attempt})"), *api_error(529)]

    async with place.working(wander) as driver:
        task = await place.submit("plain", budget={"turns": 4}, retry={"max_attempts": 5})
        result = await place.result(task)
    assert [spec.max_turns for spec in driver.ran] == [4, 2]
    assert (result.reason, result.attempts, result.usage.turns) == ("turns", 3, 4)
    assert "the 4 turns that the task has were taken by earlier attempts" in result.message
    assert (result.output, result.partial) == (f"Looking.\n\n{WORDS} (2)", True)
