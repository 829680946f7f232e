"""Files and folders."""

from datetime import datetime
from typing import Any

from mcp_kit.formatting import quote, stamp
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field, model_validator


class Entry(VendorDocument):
    """A file, folder, link or submodule of a repository; only a single file has content."""

    type: str
    path: str
    sha: str = ""
    size: int = 0
    content: str | None = None
    encoding: str | None = None
    target: str | None = None
    submodule_git_url: str | None = None

    @property
    def points_to(self) -> str:
        """Where a link or a submodule leads; empty for anything else, or where GitHub does not tell."""
        return self.target or self.submodule_git_url or ""

    def row(self) -> str:
        """Write it in one row."""
        return f"{self.type} {show_name(self.path)}" + (f" {self.size} bytes" if self.type == "file" else "")


class BlameRange(VendorDocument):
    """Lines of a file that one commit wrote."""

    first: int = Field(alias="startingLine")
    last: int = Field(alias="endingLine")
    commit: str
    at: datetime
    subject: str
    author: str

    @model_validator(mode="before")
    @classmethod
    def _of_node(cls, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        commit = node.get("commit") or {}
        author = commit.get("author") or {}
        return {
            **node,
            "commit": commit.get("abbreviatedOid"),
            "at": commit.get("committedDate"),
            "subject": commit.get("messageHeadline"),
            "author": (author.get("user") or {}).get("login") or author.get("name") or "unknown",
        }

    def row(self) -> str:
        """Write it in one row."""
        lines = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{lines}: {self.commit} {stamp(self.at)} {show_name(self.author)} {quote(self.subject)}"


class Blame(VendorDocument):
    """Which commits wrote a file, in the order of its lines."""

    oid: str
    ranges: list[BlameRange]

    @model_validator(mode="before")
    @classmethod
    def _of_commit(cls, commit: Any) -> Any:
        if not isinstance(commit, dict):
            return commit
        return {"oid": commit.get("oid"), "ranges": (commit.get("blame") or {}).get("ranges") or []}
