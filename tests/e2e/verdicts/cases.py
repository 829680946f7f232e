"""The ways in which a run can end: what is played to the real CLI, and the verdict that must come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ONCE: Mapping[str, Any] = {"retry": {"max_attempts": 1}}
TRIAGE = "issue-triage"


@dataclass(frozen=True)
class Case:
    """One task and its verdict.

    Attributes:
        name: of the case.
        verdict: `succeeded`, or the reason of the failure.
        says: what the verdict's message must match.
        play: the scenario of the model; None where the CLI must not even start.
        skill: the task's; issue-triage gets an issue of its own, all others get a text that names the scenario.
        door: through which it comes: `control`, or one of `ground.DOORS`.
        down: whether it goes to the worker whose MCP server is not there.
        fields: further fields of the task.
    """

    name: str
    verdict: str
    play: str | None
    says: str = ""
    skill: str = TRIAGE
    door: str = "control"
    down: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def triage(self) -> bool:
        """Whether it is about an issue."""
        return self.skill == TRIAGE


CASES = (
    # the agent did its work, or only says so
    Case("success", "succeeded", TRIAGE),
    Case("invented-ref", "evidence", "invented-ref", r"rests on no ref .*: A second look confirmed it"),
    Case("ref-of-a-failed-call", "evidence", "failed-ref", r"rests on no ref .*: The other issue says the same"),
    Case("ref-of-another-task", "evidence", "foreign-ref", r"rests on no ref .*: The issue was read"),
    Case("nothing-written", "evidence", "says-done", r"no write of github/issue_write as done at all"),
    Case(
        "labels-dropped", "evidence", "one-claim", r"no write of github/issue_write as done: partial on acme/verdicts"
    ),
    Case("tools-not-given", "evidence", "other-tools", r"no successful reply of github/issue_read, github/list_labels"),
    # what the run may do
    Case("refused-by-the-gateway", "denied", "one-claim", r"refused .*: github/add_issue_comment", door="narrow"),
    Case("refused-at-the-door", "denied", None, r"needs github/add_issue_comment, which is not open", door="mute"),
    Case("read-only-door", "succeeded", TRIAGE, r"read-only run: github/issue_write, github/add", door="reader"),
    Case("read-only-tenant", "succeeded", TRIAGE, r"read-only run: github/issue_write, github/add", door="watcher"),
    Case("server-down", "mcp_down", "one-claim", r"not connected: github \(failed\)", down=True, fields=ONCE),
    # the model and its API
    Case("unauthorized", "auth", "auth-401", r"answered 401", skill="answer"),
    Case("rate-limited", "rate", "rate-429", r"answered 429", skill="answer", fields=ONCE),
    Case("overloaded", "overloaded", "overloaded-529", r"529", skill="answer", fields={"retry": {"max_attempts": 2}}),
    Case("broken", "server", "server-500", r"answered 500", skill="answer", fields=ONCE),
    Case("stalled", "idle", "stall", r"said nothing for 10 s", skill="impatient"),
    Case("cut", "server", "cut", r"", skill="answer", door="mute", fields=ONCE),
    Case("cut-once", "succeeded", "cut-once", skill="answer"),
    Case("refused-by-the-model", "refusal", "refusal", r"the model refused", skill="answer"),
    Case("misshapen", "schema", "wrong-output", r"", skill="answer"),
    Case("shapeless", "schema", "no-output", r"no answer in the form", skill="answer"),
)
NAMED = {case.name: case for case in CASES}
