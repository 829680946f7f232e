"""Discussions, their categories, and what was said in them; all read of GraphQL."""

from datetime import datetime
from typing import Any

from mcp_kit.formatting import beginning, quote, stamp
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field, model_validator

from github_mcp.models.addresses import plain_address
from github_mcp.models.graphql import account, nodes, words
from github_mcp.models.people import GHOST, Authored, User
from github_mcp.models.threads import Thread


class Category(VendorDocument):
    """A category of discussions."""

    id: str
    name: str
    slug: str
    description: str | None = None
    answerable: bool = Field(False, alias="isAnswerable")

    def row(self) -> str:
        """Write it in one row."""
        about = f": {quote(self.description, 160)}" if self.description else ""
        return f"{show_name(self.name)}{', takes an answer' if self.answerable else ''}{about}"

    def is_called(self, name: str) -> bool:
        """Return whether a caller means it: by its name or slug, case aside, or by its id."""
        return name == self.id or name.casefold() in (self.name.casefold(), self.slug.casefold())


class DiscussionComment(Authored):
    """A comment on a discussion, with the replies to it, or a reply."""

    id: str
    user: User = Field(GHOST, alias="author")
    author_association: str = Field("NONE", alias="authorAssociation")
    created_at: datetime = Field(alias="createdAt")
    updated_at: datetime = Field(alias="updatedAt")
    body: str
    url: str = ""
    answer: bool = Field(False, alias="isAnswer")
    replies: "list[DiscussionComment]" = Field(default_factory=list)
    total: int = 0

    @model_validator(mode="before")
    @classmethod
    def _of_node(cls, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        replies = node.get("replies") or {}
        author = account(node.get("author"))
        return {**node, "author": author, "replies": nodes(replies), "total": replies.get("totalCount")}

    @property
    def address(self) -> str:
        """Where people read it; empty if GitHub gives no plain address."""
        return plain_address(self.url)

    def text(self, limit: int | None) -> str:
        """Write who said it and when, the text below it, and the replies below that, each up to a limit."""
        kind = f"{'answer' if self.answer else 'comment'} {show_name(self.id)}"
        more = self.total - len(self.replies)
        rest = [f"({more} more replies are at {self.address or 'GitHub'})"] if more > 0 else []
        return "\n".join([self._said(kind, limit), *(one._said("reply", limit) for one in self.replies), *rest])

    def _said(self, kind: str, limit: int | None) -> str:
        edited = f", edited {stamp(self.updated_at)}" if self.updated_at != self.created_at else ""
        body = beginning(self.body, limit) if limit else self.body
        return f"{kind} by {self.user.name} ({self.author_association}), {stamp(self.created_at)}{edited}\n{body}"


class Discussion(Thread):
    """A discussion; `answered` is None in a category that takes no answer."""

    id: str
    category: str
    reason: str | None = None
    answered: bool | None = None
    upvotes: int = 0
    comments: int = 0
    url: str = ""
    answer: DiscussionComment | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_node(cls, node: Any) -> Any:
        """Flatten GitHub's connections."""
        if not isinstance(node, dict):
            return node
        return {
            **node,
            "user": account(node.get("author")),
            "author_association": node.get("authorAssociation"),
            "state": "closed" if node.get("closed") else "open",
            "reason": node.get("stateReason"),
            "category": (node.get("category") or {}).get("name"),
            "labels": nodes(node.get("labels")),
            "answered": node.get("isAnswered"),
            "upvotes": node.get("upvoteCount"),
            "comments": (node.get("comments") or {}).get("totalCount"),
            "created_at": node.get("createdAt"),
            "updated_at": node.get("updatedAt"),
        }

    @property
    def address(self) -> str:
        """Where people read it; empty if GitHub gives no plain address."""
        return plain_address(self.url)

    def _middle(self) -> tuple[str, ...]:
        answered = {None: "", True: "answered", False: "unanswered"}[self.answered]
        return (
            f"because {words(self.reason)}" if self.state == "closed" and self.reason else "",
            f"in {show_name(self.category)}",
            answered,
            *super()._middle(),
            f"{self.upvotes} upvotes" if self.upvotes > 1 else "",
            f"{self.comments} comments" if self.comments else "",
        )
