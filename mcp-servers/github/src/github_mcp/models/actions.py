"""Workflows of GitHub Actions, their runs, jobs and artifacts."""

from datetime import datetime
from typing import Self

from mcp_kit.formatting import quote, stamp
from mcp_kit.lockdown import leaves_out
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field, PrivateAttr, model_validator

from github_mcp.models.addresses import plain_address
from github_mcp.models.people import GHOST, LEFT_OUT, User
from github_mcp.models.repository import NamedRepository

PASSED = frozenset({"success", "skipped", "neutral"})
OWN_EVENTS = frozenset(
    {
        *("push", "pull_request", "merge_group", "schedule", "release", "create", "delete", "dynamic"),
        *("workflow_dispatch", "repository_dispatch"),
    }
)
"""The events that only those cause who may push, if the run is not for a fork's branch."""


class Workflow(VendorDocument):
    """A workflow."""

    id: int
    name: str
    path: str
    state: str

    def row(self) -> str:
        """Write it in one row."""
        return f"{self.id} {self.state} {quote(self.name)} {show_name(self.path)}"


class RunsPull(VendorDocument):
    """A pull request that a run is for, of which the number is enough."""

    number: int


class Run(VendorDocument):
    """A run, as it is in its last attempt.

    In lockdown the names of one that a stranger may have caused are left out: it is for a fork's branch, or its event
    needs no push access, as a comment.
    """

    id: int
    name: str | None = None
    display_title: str = ""
    event: str
    status: str | None = None
    conclusion: str | None = None
    head_branch: str | None = None
    head_sha: str
    run_number: int
    run_attempt: int = 1
    actor: User = GHOST
    pull_requests: list[RunsPull] = Field(default_factory=list)
    created_at: datetime
    run_started_at: datetime | None = None
    updated_at: datetime
    html_url: str = ""
    repository: NamedRepository | None = None
    head_repository: NamedRepository | None = None

    _withheld: bool = PrivateAttr(default=False)

    @property
    def withheld(self) -> bool:
        """Whether its names were left out."""
        return self._withheld

    @model_validator(mode="after")
    def _leave_out(self) -> Self:
        own = self.event in OWN_EVENTS and self.repository is not None and self.repository == self.head_repository
        if not own and leaves_out():
            self._withheld = True
            self.name = self.display_title = self.head_branch = LEFT_OUT
        return self

    @property
    def address(self) -> str:
        """Where people read it; empty if GitHub gives no plain address."""
        return plain_address(self.html_url)

    @property
    def outcome(self) -> str:
        """How it ended, or where it is."""
        return self.conclusion or self.status or "unknown"

    def row(self) -> str:
        """Write it in one row."""
        attempt = f" attempt {self.run_attempt}" if self.run_attempt > 1 else ""
        parts = (
            f"run {self.id} {self.outcome}{attempt}: {quote(self.name or '')} #{self.run_number}",
            f"{self.event} by {self.actor.name}",
            f"{show_name(self.head_branch or '')} {self.head_sha}",
            "pull request " + " ".join(f"#{one.number}" for one in self.pull_requests) if self.pull_requests else "",
            f"created {stamp(self.created_at)}",
            quote(self.display_title) if self.display_title not in ("", self.name) else "",
        )
        return ", ".join(part for part in parts if part)


class Step(VendorDocument):
    """A step of a job."""

    name: str
    number: int
    status: str
    conclusion: str | None = None

    @property
    def outcome(self) -> str:
        """How it ended, or where it is."""
        return self.conclusion or self.status


class Job(VendorDocument):
    """A job of one attempt of a run."""

    id: int
    run_id: int
    run_attempt: int = 1
    name: str
    status: str
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    steps: list[Step] = Field(default_factory=list)
    html_url: str | None = None

    _withheld: bool = PrivateAttr(default=False)

    @property
    def withheld(self) -> bool:
        """Whether it is of a run whose names were left out; then its log is left out too."""
        return self._withheld

    def leave_out(self) -> None:
        """Leave out its names, which a stranger may have written."""
        self._withheld = True
        self.name = LEFT_OUT
        for step in self.steps:
            step.name = LEFT_OUT

    @property
    def outcome(self) -> str:
        """How it ended, or where it is."""
        return self.conclusion or self.status

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise than well."""
        return self.conclusion is not None and self.conclusion not in PASSED

    def row(self) -> str:
        """Write it in one row, with the steps that failed."""
        failed = [step for step in self.steps if step.outcome not in PASSED and step.conclusion]
        took = ""
        if self.started_at and self.completed_at:
            took = f", {(self.completed_at - self.started_at).total_seconds():.0f} s"
        at = "".join(f", step {step.number} {step.outcome}: {quote(step.name)}" for step in failed[:3])
        return f"job {self.id} {self.outcome} {show_name(self.name)}{took}{at}"

    def step_rows(self) -> list[str]:
        """Write each step in a row."""
        return [f"step {step.number} {step.outcome} {quote(step.name)}" for step in self.steps]


class Artifact(VendorDocument):
    """A file that a run left."""

    id: int
    name: str
    size_in_bytes: int
    expired: bool = False
    expires_at: datetime | None = None

    def leave_out(self) -> None:
        """Leave out its name, which a stranger may have written."""
        self.name = LEFT_OUT

    def row(self) -> str:
        """Write it in one row."""
        until = f", kept until {stamp(self.expires_at)}" if self.expires_at and not self.expired else ""
        return f"{self.id} {show_name(self.name)} {self.size_in_bytes} bytes{', expired' if self.expired else until}"


class Billed(VendorDocument):
    """The time of one operating system that GitHub bills."""

    total_ms: int
    jobs: int = 0


class Usage(VendorDocument):
    """How long a run took."""

    run_duration_ms: int | None = None
    billable: dict[str, Billed] = Field(default_factory=dict)

    def rows(self) -> list[str]:
        """Write it in rows."""
        took = [f"took {self.run_duration_ms / 1000:.0f} s in all"] if self.run_duration_ms is not None else []
        billed = [
            f"{show_name(name)} {one.jobs} jobs, {one.total_ms / 1000:.0f} s billed"
            for name, one in self.billable.items()
        ]
        return [*took, *billed]


class Dispatched(VendorDocument):
    """The run that a dispatch made, which an older server does not tell."""

    workflow_run_id: int
