"""Budgets through the whole house, with the real CLI: a task ends where one runs out, and says which."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import agent_effects
import pytest
from agent_contracts import TaskResult
from agent_contracts.event import ToolResult
from agent_contracts.event import Warning as WarningEvent
from fixtures.house import RunningHouse, worker
from fixtures.stores import run_apart

POOL = "budgets"
REPOSITORY = "octocat/hello-world"
LOOK = {"tool": "list_labels", "input": {"repository": REPOSITORY}}
FOUND = "The label bug fits: the parser fails on an empty line."
DEAR = {"input_tokens": 300_000, "output_tokens": 1_000}
MANY = {"input_tokens": 10, "cache_read_input_tokens": 149_000, "output_tokens": 10}
ONE, TWO = {"text": "One.", **LOOK}, {"text": "Two.", **LOOK}
CALLS = {"steps": [ONE, TWO, {"text": "Three.", **LOOK}, {"structured": {"output": {}, "claims": []}}]}


@dataclass(frozen=True)
class Case:
    """A task with its budget, and what the model does with it; `later` is that from the second attempt on."""

    name: str
    budget: dict[str, Any]
    scenario: dict[str, Any]
    later: dict[str, Any] | None = None


CASES = (
    Case("dollars", {"usd": 0.9}, {"steps": [{"text": FOUND, **LOOK, "usage": DEAR}], "loop": True}),
    Case("tokens", {"tokens": 150_000}, {"steps": [{"text": FOUND, **LOOK, "usage": MANY}], "loop": True}),
    Case("cut", {"tokens": 60_000}, {"steps": [{"text": FOUND, **LOOK}, {"text": "And so", "drop": True}]}),
    Case("time", {"wall_seconds": 12}, {"steps": [{"text": FOUND, **LOOK}, {"hang": True}]}),
    Case("calls", {"tool_calls": 2}, CALLS),
    Case("turns", {"turns": 3}, {"steps": [ONE, TWO, {"status": 529}]}, {"steps": [ONE, TWO, {"text": FOUND, **LOOK}]}),
)


@dataclass(frozen=True)
class Ended:
    """What became of a case; `spend` is what the database says of it."""

    task: UUID
    result: TaskResult
    spend: agent_effects.Spend
    asked: list[dict[str, Any]]


@pytest.fixture(scope="module")
def ended(house: RunningHouse) -> Iterator[dict[str, Ended]]:
    """Every case, played once, side by side."""

    async def play(case: Case) -> Ended:
        number = await house.open_issue(f"Budget of {case.name}")
        mark = rf'(?s)"issue": {number}\b.{{0,40}}"{REPOSITORY}"|"{REPOSITORY}".{{0,40}}"issue": {number}\b'
        name = f"budget-{case.name}"
        where = {"name": name, "match": {"regex": mark}}
        await house.scenario(name, where | case.scenario)
        given = {"repository": REPOSITORY, "issue": number}
        retry = {"max_attempts": 3 if case.later else 1}
        task = await house.submit("issue-triage", given, pool=POOL, budget=case.budget, retry=retry)
        if case.later:
            await house.until(task, "started", attempt=2, within=60)
            await house.scenario(name, where | case.later)
        result = await house.result(task, within=120)
        async with house.database() as pool:
            spend = await agent_effects.spent(pool, task)
        return Ended(task, result, spend, [one["body"] for one in await house.asked(result.session)])

    async def play_all() -> dict[str, Ended]:
        outcomes = await asyncio.gather(*(play(case) for case in CASES))
        return {case.name: outcome for case, outcome in zip(CASES, outcomes, strict=True)}

    with worker(house, slots=len(CASES), pool=POOL):
        yield run_apart(play_all())


@pytest.mark.parametrize(
    ("name", "reason", "says"),
    [
        ("dollars", "budget", "left of its budget of 0.50 US dollars (budget.usd)"),
        ("tokens", "budget", "left of its budget of 150000 tokens (budget.tokens)"),
        ("time", "timeout", "longer than its 12 s"),
        ("turns", "turns", "turns"),
    ],
)
def test_a_limit_is_named_and_what_was_said_is_kept(ended: dict[str, Ended], name: str, reason: str, says: str) -> None:
    """Reason and message name the limit; what the agent had said when it hit is the partial output."""
    result = ended[name].result
    assert (result.status, result.reason) == ("failed", reason), result
    assert says in result.message
    assert (result.output, result.partial) == (FOUND, True)


def test_cut_streams_are_estimated_until_nothing_is_left(ended: dict[str, Ended]) -> None:
    """The CLI asks again after each cut; every one is settled at an estimate, told as one, and takes little."""
    cut = ended["cut"]
    assert cut.result.status == "failed"
    assert cut.spend.open == 0
    assert cut.spend.tokens <= 60_000
    caps = [body["max_tokens"] for body in cut.asked if body["stream"]]
    assert len(caps) > 2
    assert caps == sorted(caps, reverse=True)
    assert caps[0] < 30_000
    assert cut.result.cost_usd == cut.spend.usd
    assert 0 < cut.result.estimated_usd == cut.spend.estimated_usd < cut.spend.usd


def test_the_model_is_asked_for_no_more_than_is_left(ended: dict[str, Ended]) -> None:
    """Each request's output was capped by the budget in dollars before it left the house."""
    (body,) = ended["dollars"].asked
    assert body["max_tokens"] < 0.5 / 10e-6


async def test_tool_calls_past_the_budget_are_refused(house: RunningHouse, ended: dict[str, Ended]) -> None:
    """The third call fails and says why, and the agent may still answer."""
    events = await house.events(ended["calls"].task)
    looks = [event.body for event in events if isinstance(event.body, ToolResult) and event.body.tool == "list_labels"]
    assert [look.ok for look in looks] == [True, True, False]
    assert "used up its budget of 2 tool calls (budget.tool_calls)" in looks[2].text
    assert len(ended["calls"].asked) >= 4


async def test_turns_are_the_tasks_over_all_attempts(house: RunningHouse, ended: dict[str, Ended]) -> None:
    """Two turns and an overload in the first attempt leave one turn for the second, which ends with it."""
    turns = ended["turns"]
    assert turns.result.attempts == 2
    events = await house.events(turns.task)
    assert [event.attempt for event in events if event.body.kind == "tool_call"] == [1, 1, 2]
    assert turns.result.usage.tool_calls == 3


async def test_the_clis_own_words_on_an_error_are_a_warning(house: RunningHouse, ended: dict[str, Ended]) -> None:
    """The message that the CLI makes up of the refusal is no word of the agent's."""
    told = [event.body for event in await house.events(ended["dollars"].task)]
    assert any(isinstance(body, WarningEvent) and "402" in body.message for body in told)
