"""A task's budget of tool calls: what is past it is refused before the tool runs, over all attempts."""

from uuid import UUID

import pytest
from core.mcp_kit.conftest import House, Running
from core.mcp_kit.speaking import MODES, call, text_of

HELLO = {"repository": "octocat/hello"}


@pytest.mark.parametrize("mode", MODES)
async def test_the_call_past_the_budget_is_refused_and_says_what_to_do(
    closed_server: Running, house: House, mode: str
) -> None:
    """Calls count whatever becomes of them, in every attempt of the task; the refusal names the budget."""
    task = UUID(int=MODES.index(mode) + 1)
    first, second = (house.token(task=task, attempt=attempt, tool_calls=2) for attempt in (1, 2))
    assert not (await call(closed_server.url, mode, "read_note", HELLO, first)).is_error
    assert (await call(closed_server.url, mode, "read_note", {}, first)).is_error
    refused = await call(closed_server.url, mode, "read_note", HELLO, second)
    assert refused.is_error
    assert "budget of 2 tool calls (budget.tool_calls); nothing was sent" in text_of(refused)
    assert "answer with what you have" in text_of(refused)
    assert closed_server.tools.asked == ["octocat/hello"]


async def test_a_budget_is_one_tasks(closed_server: Running, house: House) -> None:
    """Another task, and one of the same id of another tenant, have their own; a token that names none has no bound."""
    task = UUID(int=77)
    for changes in ({"tool_calls": 1}, {"tool_calls": 1, "tenant": "other"}, {}, {}):
        token = house.token(**{"task": task, **changes})
        assert not (await call(closed_server.url, "http", "read_note", HELLO, token)).is_error
    none = house.token(task=UUID(int=78), tool_calls=0)
    assert (await call(closed_server.url, "http", "read_note", HELLO, none)).is_error
