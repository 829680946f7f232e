"""Commits, branches, tags, trees, comparisons, and files that a code search found."""

from datetime import datetime

from mcp_kit.formatting import quote, stamp
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field

from github_mcp.models.people import User
from github_mcp.models.pulls import PullFile
from github_mcp.models.repository import NamedRepository

HEAD = "HEAD"
"""GitHub's name for the newest commit of the default branch."""
SHORT = 10
"""Digits of a commit's id in rows; GitHub takes them for the whole."""


class Signature(VendorDocument):
    """Who wrote or committed something by git's word, and when."""

    name: str = "unknown"
    date: datetime | None = None


class TreeLink(VendorDocument):
    """The tree of a commit, by its id."""

    sha: str


class Message(VendorDocument):
    """What git itself keeps of a commit."""

    message: str = ""
    author: Signature = Field(default_factory=Signature)
    committer: Signature = Field(default_factory=Signature)
    tree: TreeLink | None = None


class Parent(VendorDocument):
    """The commit before a commit."""

    sha: str


class Commit(VendorDocument):
    """A commit; only a single one has files, and GitHub names an account where it knows one."""

    sha: str
    commit: Message
    author: User | None = None
    parents: list[Parent] = Field(default_factory=list)
    files: list[PullFile] = Field(default_factory=list)
    html_url: str = ""

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.commit.message.partition("\n")[0]

    @property
    def _by(self) -> str:
        name = self.author.name if self.author else show_name(self.commit.author.name)
        at = self.commit.author.date
        return f"{name}{f' {stamp(at)}' if at else ''}{' merge' if len(self.parents) > 1 else ''}"

    def row(self) -> str:
        """Write it in one row, with the beginning of its message."""
        return f"{self.sha[:SHORT]} {self._by} {quote(self.subject)}"

    def facts(self) -> str:
        """Write its whole id, its author and its parents in one row."""
        parents = " ".join(parent.sha[:SHORT] for parent in self.parents)
        return f"{self.sha} {self._by}, parents {parents or 'none'}"

    def text(self) -> str:
        """Write who made it and when, and the whole message below."""
        return f"{self.sha[:SHORT]} {self._by}\n{self.commit.message}"


class Pointer(VendorDocument):
    """A branch or a tag, and the commit that it points to."""

    name: str
    commit: Parent
    protected: bool = False

    def row(self) -> str:
        """Write it in one row."""
        return f"{show_name(self.name)} {self.commit.sha[:SHORT]}{' protected' if self.protected else ''}"


class TreeEntry(VendorDocument):
    """A file, folder or submodule of a tree."""

    path: str
    type: str
    mode: str = ""
    size: int | None = None

    def row(self) -> str:
        """Write it in one row: a file with its size, anything else with its kind."""
        kind = {"tree": "dir ", "commit": "submodule "}.get(self.type, "")
        return f"{kind}{show_name(self.path)}{f' {self.size}' if self.size is not None else ''}"


class Tree(VendorDocument):
    """The entries of a tree; GitHub cuts a large one."""

    sha: str
    tree: list[TreeEntry]
    truncated: bool = False


class Comparison(VendorDocument):
    """What one commit has that another has not: a page of commits, and on the first page the files."""

    status: str
    ahead_by: int
    behind_by: int
    total_commits: int
    merge_base_commit: Parent
    commits: list[Commit]
    files: list[PullFile] | None = None


class Match(VendorDocument):
    """The place of a word in a fragment, by its first and last character."""

    indices: list[int] = Field(default_factory=list)


class Fragment(VendorDocument):
    """A piece of a file in which words of a search stand."""

    property: str = ""
    fragment: str = ""
    matches: list[Match] = Field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the lines in which the words stand; all where GitHub does not say in which."""
        every = self.fragment.split("\n")
        places = [match.indices[0] for match in self.matches if match.indices]
        wanted = sorted({self.fragment.count("\n", 0, place) for place in places})
        return [every[number] for number in wanted] or every


class FoundFile(VendorDocument):
    """A file that a code search found."""

    path: str
    repository: NamedRepository
    text_matches: list[Fragment] = Field(default_factory=list)

    def text(self, detail: str, *, named: bool) -> str:
        """Write its path, with its repository (named), and below it the lines (compact) or fragments (full) found."""
        shown = [] if detail == "brief" else [one for one in self.text_matches if one.property != "path"]
        lines = [line for one in shown for line in (one.fragment.split("\n") if detail == "full" else one.lines())]
        name = f"{self.repository.name} {show_name(self.path)}" if named else show_name(self.path)
        return "\n".join([name, *(f"  | {line[:300]}" for line in dict.fromkeys(lines))])
