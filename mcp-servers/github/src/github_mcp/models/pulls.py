"""Pull requests and their files."""

from datetime import datetime
from typing import Any, ClassVar

from mcp_kit.formatting import stamp
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field, model_validator

from github_mcp.models.graphql import account, nodes, words
from github_mcp.models.people import User
from github_mcp.models.threads import Thread

CHECKS = {
    "SUCCESS": "checks pass",
    "FAILURE": "checks fail",
    "ERROR": "checks fail",
    "PENDING": "checks under way",
    "EXPECTED": "checks expected",
}


class Reviewer(VendorDocument):
    """Somebody who was asked for a review: a person, a bot, what an import left of a person, or a team."""

    login: str = ""
    combined_slug: str = Field("", alias="combinedSlug")

    @property
    def name(self) -> str:
        """The login, or `organization/team`."""
        return User(login=self.login).name if self.login else show_name(self.combined_slug)


class Pull(Thread):
    """A pull request, read of GraphQL; `checks` is the state of all checks of its head.

    `review` is GitHub's decision, which it makes only where a branch wants reviews; `verdicts` are the last of each
    reviewer. `head_owner` owns the repository of the head, and is None for a deleted one.
    """

    texts: ClassVar[tuple[str, ...]] = ("title", "body", "head")

    draft: bool
    merged_at: datetime | None = None
    head: str
    head_sha: str
    base: str
    additions: int
    deletions: int
    changed_files: int
    commits: int
    comments: int
    mergeable: str
    review: str | None = None
    verdicts: list[str] = Field(default_factory=list)
    head_owner: str | None = None
    checks: str | None = None
    reviewers: list[Reviewer] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _of_node(cls, node: Any) -> Any:
        """Flatten GitHub's connections."""
        if not isinstance(node, dict):
            return node
        commits = node.get("commits") or {}
        last = [(one or {}).get("commit") or {} for one in commits.get("nodes") or []]
        owner = (node.get("headRepositoryOwner") or {}).get("login")
        fork = f"{owner or 'deleted fork'}:" if node.get("isCrossRepository") else ""
        return {
            **{name: node.get(name) for name in ("number", "title", "body", "locked", "mergeable", "additions")},
            "deletions": node.get("deletions"),
            "state": str(node.get("state")).lower(),
            "draft": node.get("isDraft"),
            "user": account(node.get("author")),
            "author_association": node.get("authorAssociation"),
            "labels": nodes(node.get("labels")),
            "assignees": nodes(node.get("assignees")),
            "milestone": node.get("milestone"),
            "created_at": node.get("createdAt"),
            "updated_at": node.get("updatedAt"),
            "closed_at": node.get("closedAt"),
            "merged_at": node.get("mergedAt"),
            "head": f"{fork}{node.get('headRefName')}",
            "head_owner": owner,
            "head_sha": node.get("headRefOid"),
            "base": node.get("baseRefName"),
            "changed_files": node.get("changedFiles"),
            "commits": commits.get("totalCount"),
            "comments": (node.get("comments") or {}).get("totalCount"),
            "review": node.get("reviewDecision"),
            "verdicts": [one.get("state") for one in nodes(node.get("latestOpinionatedReviews"))],
            "checks": next(((one.get("statusCheckRollup") or {}).get("state") for one in last), None),
            "reviewers": [
                account(one) for asked in nodes(node.get("reviewRequests")) if (one := asked.get("requestedReviewer"))
            ],
        }

    @property
    def reviewed(self) -> str:
        """GitHub's decision in words, or what its reviewers said where GitHub makes none."""
        decides = ("CHANGES_REQUESTED", "APPROVED")
        return words(self.review or next((one for one in decides if one in self.verdicts), None))

    def _middle(self) -> tuple[str, ...]:
        reviewers = " ".join(reviewer.name for reviewer in self.reviewers)
        return (
            "draft" if self.draft else "",
            f"{show_name(self.head)} -> {show_name(self.base)}",
            f"{self.commits} commits, {self.changed_files} files +{self.additions} -{self.deletions}",
            CHECKS.get(self.checks or "", ""),
            self.reviewed,
            f"reviewers {reviewers}" if reviewers else "",
            *super()._middle(),
            "conflicts with its base" if self.mergeable == "CONFLICTING" else "",
            f"{self.comments} comments" if self.comments else "",
        )

    def _end(self) -> tuple[str, ...]:
        merged = f"merged {stamp(self.merged_at)}" if self.merged_at else ""
        return (*super()._end()[:2], merged or super()._end()[2])


class PullFile(VendorDocument):
    """A changed file; GitHub leaves the patch of a binary or very large one out."""

    filename: str
    status: str
    additions: int
    deletions: int
    previous_filename: str | None = None
    patch: str | None = None

    def row(self) -> str:
        """Write it in one row."""
        before = f" from {show_name(self.previous_filename)}" if self.previous_filename else ""
        return f"{self.status} {show_name(self.filename)}{before} +{self.additions} -{self.deletions}"

    def diff(self) -> str:
        """Write the row and its patch below."""
        return f"{self.row()}\n{self.patch or '(no text diff: binary, too large or unchanged)'}"
