"""What services say of a commit: statuses, check runs and their annotations."""

from datetime import datetime
from typing import Any

from mcp_kit.formatting import quote, stamp
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field

PASSED = frozenset({"success", "skipped", "neutral"})


class Status(VendorDocument):
    """A commit status of one context."""

    context: str
    state: str
    description: str | None = None

    def row(self) -> str:
        """Write it in one row."""
        return f"status {self.state} {show_name(self.context)}" + (
            f" {quote(self.description)}" if self.description else ""
        )


class CombinedStatus(VendorDocument):
    """The last status of each context; GitHub calls it pending where there is none."""

    sha: str
    state: str
    total_count: int
    statuses: list[Status] = Field(default_factory=list)


class CheckSuite(VendorDocument):
    """The suite of a check run."""

    id: int


class CheckOutput(VendorDocument):
    """What a check run says of itself."""

    title: str | None = None
    summary: str | None = None
    annotations_count: int = 0


class App(VendorDocument):
    """The app that made a check run."""

    slug: str = ""


class CheckRun(VendorDocument):
    """A check run; one of GitHub Actions is a job of the same id, whose log can be read."""

    id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    output: CheckOutput = Field(default_factory=CheckOutput)
    app: App | None = None
    details_url: str | None = None

    @property
    def outcome(self) -> str:
        """How it ended, or where it is."""
        return self.conclusion or self.status

    @property
    def failed(self) -> bool:
        """Whether it ended otherwise than well."""
        return self.conclusion is not None and self.conclusion not in PASSED

    @property
    def is_job(self) -> bool:
        """Whether it is a job of GitHub Actions."""
        return self.app is not None and self.app.slug == "github-actions"

    def row(self) -> str:
        """Write it in one row."""
        kind = "job" if self.is_job else "check"
        by = f" by {show_name(self.app.slug)}" if self.app and self.app.slug and not self.is_job else ""
        said = f", {quote(self.output.title)}" if self.output.title else ""
        notes = f", {self.output.annotations_count} annotations" if self.output.annotations_count else ""
        ended = f", {stamp(self.completed_at)}" if self.completed_at else ""
        return f"{kind} {self.id} {self.outcome} {show_name(self.name)}{by}{said}{notes}{ended}"


class CheckRuns(VendorDocument):
    """A page of check runs."""

    total_count: int
    check_runs: list[Any]


class Annotation(VendorDocument):
    """What a check run says of some lines of a file."""

    path: str
    start_line: int
    end_line: int
    annotation_level: str | None = None
    title: str | None = None
    message: str | None = None

    def row(self) -> str:
        """Write it in one row."""
        lines = str(self.start_line) if self.end_line == self.start_line else f"{self.start_line}-{self.end_line}"
        said = " ".join(quote(text, 500) for text in (self.title, self.message) if text)
        return f"{self.annotation_level or 'note'} {show_name(self.path)}:{lines} {said}"
