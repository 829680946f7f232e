"""Reviews of pull requests: verdicts, threads on lines, checks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mcp_kit.formatting import beginning, quote, stamp
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field, model_validator

from github_mcp.models.addresses import plain_address
from github_mcp.models.commits import SHORT
from github_mcp.models.graphql import account, nodes, words
from github_mcp.models.people import GHOST, Authored, User
from github_mcp.models.pulls import Pull

GOOD = frozenset({"SUCCESS", "NEUTRAL", "SKIPPED"})
BAD = frozenset({"FAILURE", "ERROR", "TIMED_OUT", "STARTUP_FAILURE", "ACTION_REQUIRED", "CANCELLED"})


class Review(Authored):
    """What somebody said of a pull request as a whole."""

    id: int
    state: str
    body: str | None = None
    commit_id: str | None = None
    submitted_at: datetime | None = None
    html_url: str = ""

    @property
    def address(self) -> str:
        """Where people read it; empty if GitHub gives no plain address."""
        return plain_address(self.html_url)

    def text(self, limit: int | None) -> str:
        """Write who said what and when, and below it the text, up to a limit."""
        when = stamp(self.submitted_at) if self.submitted_at else "not submitted"
        commit = f" on {self.commit_id[:7]}" if self.commit_id else ""
        head = f"{words(self.state)} by {self.user.name} ({self.author_association}), {when}{commit}, id {self.id}"
        return f"{head}\n{beginning(self.body, limit) if limit else self.body}" if self.body else head


class ReviewComment(Authored):
    """A comment in a thread."""

    id: int = Field(0, alias="databaseId")
    user: User = Field(GHOST, alias="author")
    author_association: str = Field("NONE", alias="authorAssociation")
    created_at: datetime = Field(alias="createdAt")
    updated_at: datetime = Field(alias="updatedAt")
    body: str
    url: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_node(cls, node: Any) -> Any:
        return {**node, "author": account(node.get("author"))} if isinstance(node, dict) else node

    def text(self, limit: int | None) -> str:
        """Write who said it and when, and the text below it."""
        edited = f", edited {stamp(self.updated_at)}" if self.updated_at != self.created_at else ""
        author = f"{self.user.name} ({self.author_association})"
        body = beginning(self.body, limit) if limit else self.body
        return f"comment {self.id} by {author}, {stamp(self.created_at)}{edited}\n{body}"


class ReviewThread(VendorDocument):
    """Comments on a line of a file, or on several lines."""

    id: str
    resolved: bool = Field(alias="isResolved")
    outdated: bool = Field(alias="isOutdated")
    path: str
    line: int | None = None
    original_line: int | None = Field(None, alias="originalLine")
    start_line: int | None = Field(None, alias="startLine")
    comments: list[ReviewComment]
    total: int

    @model_validator(mode="before")
    @classmethod
    def _of_node(cls, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        comments = node.get("comments") or {}
        return {**node, "comments": nodes(comments), "total": comments.get("totalCount")}

    def text(self, limit: int | None) -> str:
        """Write where it is and how it stands, and its comments below."""
        last = self.line or self.original_line
        lines = f":{self.start_line}-{last}" if self.start_line else f":{last}" if last else " as a whole"
        state = ", ".join(("resolved" if self.resolved else "open", *(["outdated"] if self.outdated else [])))
        more = self.total - len(self.comments)
        below = f", below {where}" if self.comments and (where := plain_address(self.comments[-1].url)) else ""
        rest = [f"({more} more comments of {self.total} are on GitHub{below})"] if more > 0 else []
        head = f"thread {show_name(self.id)} on {show_name(self.path)}{lines}, {state}"
        return "\n".join([head, *(comment.text(limit) for comment in self.comments), *rest])


class Check(VendorDocument):
    """A check run, or a status that another service set."""

    name: str
    state: str
    told: str | None = None
    summary: str | None = None
    id: int | None = None
    run: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_node(cls, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        if node.get("__typename") == "StatusContext":
            return {"name": node.get("context"), "state": node.get("state"), "told": node.get("description")}
        state = node.get("conclusion") or node.get("status")
        run = ((node.get("checkSuite") or {}).get("workflowRun") or {}).get("databaseId")
        return {**node, "state": state, "told": node.get("title"), "id": node.get("databaseId"), "run": run}

    @property
    def passed(self) -> bool:
        """Whether it is no reason to wait."""
        return self.state in GOOD

    @property
    def failed(self) -> bool:
        """Whether it is a reason not to merge."""
        return self.state in BAD

    def row(self) -> str:
        """Write it in one row; `job` and `run` are what get_job_logs takes."""
        return self._row(f" {quote(self.told, 120)}" if self.told else "")

    def text(self) -> str:
        """Write the row, and below it all that its service says."""
        return "\n".join(part for part in (self._row(""), self.told, self.summary) if part)

    def _row(self, told: str) -> str:
        ids = f", job {self.id}, run {self.run}" if self.id and self.run else ""
        return f"{words(self.state)}: {show_name(self.name)}{told}{ids}"


class Standing(VendorDocument):
    """A pull request, who reviewed it, how many of its threads that were looked at are open, and its head's checks."""

    pull: Pull
    reviews: list[Review] = Field(default_factory=list)
    threads: int = 0
    seen_threads: int = 0
    open_threads: int = 0
    checks: int = 0

    @model_validator(mode="before")
    @classmethod
    def _of_node(cls, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        threads = node.get("reviewThreads") or {}
        verdicts = nodes(node.get("latestOpinionatedReviews"))
        judges = [one.get("author") for one in verdicts]
        others = [one for one in nodes(node.get("latestReviews")) if one.get("author") not in judges]
        rollup = next((one["commit"].get("statusCheckRollup") for one in nodes(node.get("head"))), None)
        return {
            "pull": node,
            "reviews": [
                {"id": 0, "state": one.get("state"), "user": account(one.get("author"))} for one in [*verdicts, *others]
            ],
            "threads": threads.get("totalCount"),
            "seen_threads": len(nodes(threads)),
            "open_threads": sum(not one.get("isResolved") for one in nodes(threads)),
            "checks": ((rollup or {}).get("contexts") or {}).get("totalCount"),
        }

    def row(self, checks: Sequence[Check]) -> str:
        """Write in one row what a reader asks first, with these of its checks: do they pass, who said what."""
        passed = sum(check.passed for check in checks)
        counted = f"{passed} of {self.checks} checks pass" if self.checks else "no checks"
        said = [f"{words(review.state)} by {review.user.name}" for review in self.reviews]
        looked = f"the first {self.seen_threads}" if self.threads > self.seen_threads else f"{self.threads}"
        rest = f" ({self.threads} in all)" if self.threads > self.seen_threads else ""
        open_ = f"{self.open_threads} of {looked} threads open{rest}" if self.threads else ""
        head = f"head {self.pull.head_sha[:SHORT]}"
        return ", ".join(part for part in (head, counted, *said, open_) if part)
