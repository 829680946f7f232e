"""What the stand-in keeps of alerts about a repository's security, and of advisories: plain records."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from stand_ins.github.accounts import User

A = TypeVar("A", bound="Alert")


@dataclass
class Alert:
    """What all alerts have: a number, a state, and who closed it and why. An open one has neither."""

    number: int
    at: datetime
    state: str = "open"
    closed_by: User | None = None
    closed_at: datetime | None = None
    reason: str | None = None
    comment: str | None = None


@dataclass
class Location:
    """The lines of a file in which something was found, or the issue in whose text it was."""

    path: str
    line: int
    sha: str
    issue: int = 0


@dataclass
class CodeAlert(Alert):
    """A fault that an analysis found in code."""

    rule: str = ""
    description: str = ""
    help: str = ""
    severity: str = "high"
    tool: str = "CodeQL"
    message: str = ""
    ref: str = "refs/heads/main"
    location: Location = field(default_factory=lambda: Location("", 1, ""))


@dataclass
class Advisory:
    """A known fault of a package; `state` is that of a repository's own."""

    ghsa_id: str
    cve_id: str | None
    summary: str
    description: str
    severity: str
    ecosystem: str
    package: str
    vulnerable: str
    patched: str | None
    at: datetime
    author: User
    state: str = "published"
    withdrawn_at: datetime | None = None


@dataclass
class DependencyAlert(Alert):
    """A dependency with a known fault."""

    advisory: Advisory | None = None
    manifest: str = ""


@dataclass
class SecretAlert(Alert):
    """A secret that was found in a repository."""

    type: str = ""
    type_name: str = ""
    secret: str = ""
    validity: str = "unknown"
    locations: list[Location] = field(default_factory=list)


@dataclass
class Feature(Generic[A]):
    """A repository's alerts of one kind; `enabled` says whether its people switched the search for them on."""

    enabled: bool = False
    alerts: dict[int, A] = field(default_factory=dict)

    def add(self, alert: A) -> None:
        """Keep an alert under its number."""
        self.enabled = True
        self.alerts[alert.number] = alert


@dataclass
class Security:
    """All alerts of a repository, and its own advisories."""

    code: Feature[CodeAlert] = field(default_factory=Feature)
    dependencies: Feature[DependencyAlert] = field(default_factory=Feature)
    secrets: Feature[SecretAlert] = field(default_factory=Feature)
    advisories: list[Advisory] = field(default_factory=list)
