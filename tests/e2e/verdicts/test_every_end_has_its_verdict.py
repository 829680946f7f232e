"""The verdict on every way in which a run of the real CLI can end, through the whole house."""

import re
from collections.abc import Mapping

import pytest
from agent_contracts.event import Started, ToolCall, ToolResult
from agent_contracts.event import Warning as WarningEvent
from e2e.verdicts.cases import CASES, Case
from e2e.verdicts.ground import REPOSITORY, Outcome
from fixtures.house import RunningHouse
from service_kit.refs import split_ref

pytestmark = pytest.mark.timeout(300)
WRITES = ("issue_write", "add_issue_comment")
WRITTEN = {(tool, "done") for tool in WRITES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_end_has_its_verdict(case: Case, outcomes: Mapping[str, Outcome]) -> None:
    """Status, reason and message say how it ended."""
    result = outcomes[case.name].result
    shown = f"{result.status} ({result.reason}): {result.message}\n{result.output}"
    assert (result.reason or result.status) == case.verdict, shown
    assert result.status == ("succeeded" if case.verdict == "succeeded" else "failed"), shown
    assert re.search(case.says, result.message), shown


async def test_success_is_proven_and_really_there(house: RunningHouse, outcomes: Mapping[str, Outcome]) -> None:
    """Every claim cites refs of this task's own results, every write is a row, and GitHub holds both writes."""
    outcome = outcomes["success"]
    given = {body.ref for event in outcome.events if isinstance(body := event.body, ToolResult) and body.ok}
    assert all(claim.refs and set(claim.refs) <= given for claim in outcome.result.claims)
    assert {(effect.tool, effect.state) for effect in outcome.result.effects} == WRITTEN
    issue = await house.issue(outcome.issue, REPOSITORY)
    assert issue["labels"] == outcome.result.output["labels"]
    assert len(issue["comments"]) == 1
    assert outcome.result.cost_usd > 0


def test_only_refs_of_this_tasks_successful_results_count(outcomes: Mapping[str, Outcome]) -> None:
    """A ref that was invented, belongs to a failed call or to another task is dropped, though its form is right."""
    failed = outcomes["ref-of-a-failed-call"]
    (lost,) = [body for body in failed.results("issue_read") if not body.ok]
    cited = [split_ref(lost.text)[1], outcomes["success"].result.claims[0].refs[0], "zzzzzzzz"]
    for name, ref in zip(("ref-of-a-failed-call", "ref-of-another-task", "invented-ref"), cited, strict=True):
        told = [event.body.message for event in outcomes[name].events if isinstance(event.body, WarningEvent)]
        assert any(text.endswith(f"were dropped: {ref}") for text in told), (name, told)
        assert all(ref not in claim.refs for claim in outcomes[name].result.claims)


async def test_labels_that_github_drops_are_no_success(house: RunningHouse, outcomes: Mapping[str, Outcome]) -> None:
    """GitHub answers 200 and sets nothing: tool, gateway and verdict each say that it was not done."""
    outcome = outcomes["labels-dropped"]
    (wrote,) = outcome.results("issue_write")
    assert not wrote.ok
    assert "labels not set" in wrote.text
    states = {effect.tool: effect.state for effect in outcome.result.effects}
    assert states == {"issue_write": "partial", "add_issue_comment": "done"}
    assert (await house.issue(outcome.issue, REPOSITORY))["labels"] == []


@pytest.mark.parametrize("name", ["read-only-door", "read-only-tenant"])
async def test_a_read_only_run_says_what_it_would_write(
    name: str, house: RunningHouse, outcomes: Mapping[str, Outcome]
) -> None:
    """Where door or tenant only reads, no write is offered, none is demanded, and the answer says what it would be."""
    outcome = outcomes[name]
    issue = await house.issue(outcome.issue, REPOSITORY)
    assert (issue["labels"], issue["comments"], outcome.result.effects) == ([], [], [])
    assert outcome.result.output["would_write"]["labels"] == ["bug"]
    assert outcome.result.output["would_write"]["comment"]
    assert not [event for event in outcome.events if isinstance(event.body, ToolCall) and event.body.tool in WRITES]
    offered = {tool["name"] for tool in outcome.asked[0]["tools"]}
    assert "mcp__github__issue_read" in offered
    assert not offered & {f"mcp__github__{tool}" for tool in WRITES}
    assert "# This run is read-only" in str(outcome.asked[0]["system"])


def test_a_refused_tool_is_shown_as_denied(outcomes: Mapping[str, Outcome]) -> None:
    """A refusal by the gateway is seen as one: the call is denied in the events, and no effect is begun."""
    outcome = outcomes["refused-by-the-gateway"]
    (refused,) = outcome.results("add_issue_comment")
    assert (refused.ok, refused.denied) == (False, True)
    assert "is not in the grant" in refused.text
    assert [effect.tool for effect in outcome.result.effects] == ["issue_write"]


def test_what_cannot_be_done_costs_nothing(outcomes: Mapping[str, Outcome]) -> None:
    """A task that its door refuses ends without a run."""
    outcome = outcomes["refused-at-the-door"]
    assert not [event for event in outcome.events if isinstance(event.body, Started)]
    assert outcome.result.cost_usd == 0


def test_a_run_without_its_server_asks_the_model_nothing(outcomes: Mapping[str, Outcome]) -> None:
    """A run whose MCP server is not connected ends before a request of the CLI reaches the model, and costs nothing."""
    outcome = outcomes["server-down"]
    assert outcome.asked == []
    assert outcome.result.cost_usd == 0


@pytest.mark.parametrize("name", ["stalled", "cut", "unauthorized", "rate-limited", "misshapen"])
def test_an_end_of_the_models_making_is_one(name: str, outcomes: Mapping[str, Outcome]) -> None:
    """The model was really asked: the verdict is not that of a run that never got so far."""
    assert outcomes[name].asked


def test_retryable_ends_are_tried_again_as_often_as_allowed(outcomes: Mapping[str, Outcome]) -> None:
    """Overload is tried in each attempt the task has; what will not change is not tried again."""
    attempts = {name: outcome.result.attempts for name, outcome in outcomes.items()}
    assert attempts.pop("overloaded") == 2
    assert set(attempts.values()) == {1}
