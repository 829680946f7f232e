"""What each scenario of a shipped skill must come to: the verdict, the answer, and what is written at GitHub."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PULL: Mapping[str, Any] = {"pull_request": 1}
TAGS: Mapping[str, Any] = {"tag": "v1.1.0", "previous_tag": "v1.0.0"}
NO_REVIEW = "no write of github/pull_request_review_write as done"
NO_DRAFT = "no write of github/create_release as done"
UNTOUCHED: dict[str, list[Any]] = {"comments": [], "reviews": [], "lines": [], "drafts": []}


@dataclass(frozen=True)
class Case:
    """A scenario, the task that it plays for, and what must come of it.

    Attributes:
        skill: the skill.
        name: the scenario's file, without its ending; the task's repository is named after both.
        input: of the task, beside the repository.
        reason: why the task failed; None where it succeeded.
        says: words of the verdict's message.
        effects: the states of the task's writes, in order.
        output: fields of the answer.
        summary: words of the answer's summary.
        written: what the account wrote in the repository, where it wrote anything.
    """

    skill: str
    name: str
    input: Mapping[str, Any]
    reason: str | None = None
    says: str = ""
    effects: tuple[str, ...] = ()
    output: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    written: Mapping[str, Any] = field(default_factory=dict)

    @property
    def repository(self) -> str:
        """The repository of the task, by which the scenario is chosen."""
        return f"acme/{self.skill}-{self.name}"


CASES = (
    Case(
        "pr-review",
        "success",
        PULL,
        effects=("done",),
        output={
            "verdict": "comment",
            "comments": [{"path": "greet.py", "line": 1, "gist": "Which test runs this line?"}],
        },
        written={"reviews": ["COMMENTED"], "lines": [("greet.py", 1)]},
    ),
    Case(
        "pr-review",
        "nothing-to-say",
        PULL,
        effects=("done",),
        output={"verdict": "comment", "comments": []},
        written={"reviews": ["COMMENTED"]},
    ),
    Case(
        "pr-review",
        "line-outside",
        PULL,
        effects=("failed", "done"),
        output={"verdict": "comment", "comments": []},
        summary="Line could not be resolved",
        written={"reviews": ["COMMENTED"]},
    ),
    Case("pr-review", "merged", PULL, "evidence", NO_REVIEW, summary="is merged already"),
    Case(
        "ci-failure",
        "success",
        PULL,
        effects=("done",),
        output={"kind": "code"},
        written={"comments": ["The job `test` failed: RuntimeError: Could not determine home directory."]},
    ),
    Case("ci-failure", "nothing-failed", PULL, "evidence", "no successful reply of github/get_job_logs"),
    Case(
        "ci-failure",
        "log-without-cause",
        PULL,
        effects=("done",),
        output={"kind": "unclear", "needs_human": True},
        written={
            "comments": ["The job `test` failed, and its log does not say why. A person has to look at the runner."]
        },
    ),
    Case(
        "ci-failure",
        "log-unread",
        PULL,
        "evidence",
        "no successful reply of github/get_job_logs",
        effects=("done",),
        written={"comments": ["The network of the runner must have failed."]},
    ),
    Case(
        "release-notes",
        "success",
        TAGS,
        effects=("done",),
        output={"changes": [{"pull_request": 1, "kind": "new"}]},
        written={"drafts": [("v1.1.0", "agent-bot")]},
    ),
    Case("release-notes", "draft-there", TAGS, "evidence", NO_DRAFT, summary="has a draft of v1.1.0"),
    Case("release-notes", "nothing-merged", {**TAGS, "previous_tag": "v1.1.0"}, "evidence", NO_DRAFT),
    Case(
        "release-notes",
        "tag-unknown",
        {**TAGS, "previous_tag": "v0.9.0"},
        "evidence",
        "no successful reply of github/generate_release_notes",
        summary="v0.9.0",
    ),
)
