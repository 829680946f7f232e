"""Alerts about a repository's code, dependencies and secrets, and advisories. The value of a secret is never read."""

from datetime import datetime
from typing import Any

from mcp_kit.formatting import quote, stamp
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_document import VendorDocument
from pydantic import Field, model_validator

from github_mcp.models.addresses import plain_address
from github_mcp.models.people import User

TITLE = 256
DESCRIPTION = 160
OF_COMMIT = frozenset({"blob_url", "commit_url"})
"""Addresses of a secret's place that lead to no page for people beside the path and the commit."""


class Alert(VendorDocument):
    """What all alerts have, and how one was closed: by its state, and the reason and comment of a person."""

    number: int
    state: str = "unknown"
    created_at: datetime | None = None
    html_url: str = ""
    dismissed_by: User | None = None
    dismissed_at: datetime | None = None
    dismissed_reason: str | None = None
    dismissed_comment: str | None = None

    @property
    def address(self) -> str:
        """Where people read it; empty if GitHub gives no plain address."""
        return plain_address(self.html_url)

    @property
    def reason(self) -> str | None:
        """Why it was closed."""
        return self.dismissed_reason

    @property
    def about(self) -> str:
        """What was found, and where."""
        return ""

    def row(self) -> str:
        """Write it in one row."""
        created = f", created {stamp(self.created_at)}" if self.created_at else ""
        return f"#{self.number} {self.state} {self.about}{created}{self._closing()}"

    def text(self) -> str:
        """Write the row, and below it all that is known of it."""
        return self.row()

    def _closing(self) -> str:
        return _closed(self.dismissed_by, self.dismissed_at, self.dismissed_reason, self.dismissed_comment)


class Rule(VendorDocument):
    """The rule that an analysis applied."""

    id: str = "rule"
    severity: str | None = None
    security_severity_level: str | None = None
    description: str = ""
    full_description: str = ""
    help: str | None = None


class Analysis(VendorDocument):
    """The tool that analysed the code."""

    name: str = "unknown"


class Place(VendorDocument):
    """Lines of a file."""

    path: str = ""
    start_line: int = 0
    end_line: int = 0

    @property
    def shown(self) -> str:
        """The path with the lines."""
        lines = f"{self.start_line}" if self.end_line <= self.start_line else f"{self.start_line}-{self.end_line}"
        return f"{show_name(self.path)}:{lines}" if self.path else ""


class Said(VendorDocument):
    """What an analysis says of a place."""

    text: str = ""


class Instance(VendorDocument):
    """Where a fault was found last."""

    ref: str = ""
    commit_sha: str = ""
    message: Said = Said()
    location: Place = Place()


class CodeAlert(Alert):
    """A fault that an analysis found in code."""

    rule: Rule = Rule()
    tool: Analysis = Analysis()
    most_recent_instance: Instance = Instance()

    @property
    def about(self) -> str:
        """The rule, and the place."""
        severity = self.rule.security_severity_level or self.rule.severity or "unrated"
        found = f"{severity} {show_name(self.rule.id)} {quote(self.rule.description, TITLE)}"
        return f"{found} at {self.most_recent_instance.location.shown} by {show_name(self.tool.name)}"

    def text(self) -> str:
        """Write the row, what was said of the place, and the help of the rule."""
        last = self.most_recent_instance
        where = f"{show_name(last.ref)} {last.commit_sha[:10]}"
        help_ = self.rule.help or self.rule.full_description
        return "\n".join(part for part in (self.row(), where, last.message.text, help_) if part)


class Package(VendorDocument):
    """A package of an ecosystem."""

    ecosystem: str = "unknown"
    name: str = ""

    @property
    def shown(self) -> str:
        """The ecosystem and the name."""
        return f"{show_name(self.ecosystem)} {show_name(self.name)}"


class Patched(VendorDocument):
    """The first version without a fault."""

    identifier: str = ""


class Vulnerability(VendorDocument):
    """Which versions of a package have a fault; the places of GitHub's lists name the patched one in three ways."""

    package: Package = Package()
    vulnerable_version_range: str = ""
    first_patched_version: Patched | str | None = None
    patched_versions: str | None = None

    @property
    def versions(self) -> str:
        """The versions with the fault, and those without."""
        first = self.first_patched_version
        patched = (first.identifier if isinstance(first, Patched) else first) or self.patched_versions
        return f"{quote(self.vulnerable_version_range)}, patched {quote(patched) if patched else 'nowhere'}"


class Advisory(VendorDocument):
    """A known fault of packages: of GitHub's database, of a repository's own, or of an alert."""

    ghsa_id: str
    cve_id: str | None = None
    summary: str = ""
    description: str = ""
    severity: str = "unrated"
    state: str | None = None
    published_at: datetime | None = None
    withdrawn_at: datetime | None = None
    vulnerabilities: list[Vulnerability] = Field(default_factory=list)
    html_url: str = ""

    @property
    def brief(self) -> str:
        """Its names, how severe it is, and its summary."""
        state = f" {self.state}" if self.state and self.state != "published" else ""
        cve = f" {show_name(self.cve_id)}" if self.cve_id else ""
        return f"{show_name(self.ghsa_id)}{cve}{state} {self.severity} {quote(self.summary, TITLE)}"

    @property
    def address(self) -> str:
        """Where people read it; empty if GitHub gives no plain address."""
        return plain_address(self.html_url)

    def row(self) -> str:
        """Write it in one row, with the first packages that have the fault."""
        packages = "".join(f", {one.package.shown} {one.versions}" for one in self.vulnerabilities[:3])
        more = f" and {len(self.vulnerabilities) - 3} more" if len(self.vulnerabilities) > 3 else ""
        return f"{self.brief}{packages}{more}{self._dates}"

    def text(self) -> str:
        """Write its names, summary and dates, all packages, and the whole description."""
        packages = [f"{one.package.shown} {one.versions}" for one in self.vulnerabilities]
        return "\n".join([f"{self.brief}{self._dates}", *packages, self.description])

    @property
    def _dates(self) -> str:
        published = f", published {stamp(self.published_at)}" if self.published_at else ""
        return published + (f", withdrawn {stamp(self.withdrawn_at)}" if self.withdrawn_at else "")


class Dependency(VendorDocument):
    """What a repository depends on, and the file that says so."""

    package: Package = Package()
    manifest_path: str = ""
    scope: str | None = None


class DependencyAlert(Alert):
    """A dependency with a known fault."""

    dependency: Dependency = Dependency()
    security_advisory: Advisory
    security_vulnerability: Vulnerability = Vulnerability()

    @property
    def about(self) -> str:
        """The advisory, the package and its file."""
        used, scope = self.dependency, f" ({self.dependency.scope})" if self.dependency.scope else ""
        package = f"{used.package.shown}{scope} in {show_name(used.manifest_path)}"
        return f"{self.security_advisory.brief}, {package}, {self.security_vulnerability.versions}"

    def text(self) -> str:
        """Write the row and the advisory's description."""
        return f"{self.row()}\n{self.security_advisory.description}"


class SecretPlace(Place):
    """Where a secret was found: in lines of a file, or in a text at an address, which GitHub names by its kind."""

    commit_sha: str = ""
    address: str = ""

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        named = [value for name, value in given.items() if name.endswith("_url") and name not in OF_COMMIT]
        return {**given, "address": next((plain_address(one) for one in (given.get("html_url"), *named) if one), "")}


class SecretAlert(Alert):
    """A secret that was found; GitHub calls a closed one resolved."""

    secret_type: str = "unknown"  # noqa: S105
    secret_type_display_name: str = ""
    validity: str = "unknown"
    publicly_leaked: bool = False
    resolution: str | None = None
    resolution_comment: str | None = None
    resolved_by: User | None = None
    resolved_at: datetime | None = None
    first_location_detected: SecretPlace = SecretPlace()

    @property
    def reason(self) -> str | None:
        """Why it was closed."""
        return self.resolution

    @property
    def about(self) -> str:
        """The type, whether it still works, and the first place."""
        leaked = ", publicly leaked" if self.publicly_leaked else ""
        name = f" {quote(self.secret_type_display_name)}" if self.secret_type_display_name else ""
        first = self.first_location_detected.shown or self.first_location_detected.address
        place = f", first at {first}" if first else ""
        return f"{show_name(self.secret_type)}{name} {self.validity}{leaked}{place}"

    def _closing(self) -> str:
        return _closed(self.resolved_by, self.resolved_at, self.resolution, self.resolution_comment)


class SecretLocation(VendorDocument):
    """One place of a secret."""

    type: str = "unknown"
    details: SecretPlace = SecretPlace()

    def row(self) -> str:
        """Write it in one row."""
        place = self.details
        commit = f" in {place.commit_sha[:10]}" if place.commit_sha else ""
        return " ".join(part for part in (show_name(self.type), f"{place.shown}{commit}", place.address) if part)


def _closed(by: User | None, at: datetime | None, reason: str | None, comment: str | None) -> str:
    if not (at or reason):
        return ""
    who = f" by {by.name}" if by else ""
    when = f" {stamp(at)}" if at else ""
    said = f": {quote(comment, DESCRIPTION)}" if comment else ""
    return f", closed{when}{who} because {quote(reason or '')}{said}"
