"""Alerts about a repository's code, dependencies and secrets, and advisories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mcp_kit.call import Call
from mcp_kit.error_messages import Meaning
from mcp_kit.paging import Page
from mcp_kit.vendor_client import Query
from mcp_kit.vendor_path import VendorPath, path_of

from github_mcp.client.github import GitHub, path_in
from github_mcp.error_messages import NO_ADVISORY, no_alert
from github_mcp.models.security import Advisory, Alert, CodeAlert, DependencyAlert, SecretAlert, SecretLocation

AlertKind = Literal["code_scanning", "dependabot", "secret_scanning"]


@dataclass(frozen=True)
class Kind:
    """One kind of alerts.

    Attributes:
        path: its part of a path.
        model: what an alert is read into.
        filters: the parameters that narrow its list, besides the state.
        closed: GitHub's word for an alert that a person closed.
        reason: the field for the reason, and `comment` that for the comment.
        reasons: our words for the reasons, and GitHub's.
        hides: whether GitHub is asked to hide the value of what was found.
        numbered: whether GitHub numbers the pages of its list; it passes over a number where it does not.
        permission: the access that a token needs.
    """

    path: str
    model: type[Alert]
    filters: Sequence[str]
    permission: str
    reasons: Mapping[str, str]
    closed: str = "dismissed"
    reason: str = "dismissed_reason"
    comment: str = "dismissed_comment"
    hides: bool = False
    numbered: bool = True

    @property
    def query(self) -> Query:
        """What is asked of every read of an alert."""
        return {"hide_secret": "true"} if self.hides else {}

    @property
    def meanings(self) -> Mapping[int, Meaning]:
        """What a 403 and a 404 mean."""
        return no_alert(self.permission)


KINDS: Mapping[AlertKind, Kind] = {
    "code_scanning": Kind(
        "code-scanning",
        CodeAlert,
        ("tool_name", "ref", "severity"),
        "Code scanning alerts (classic: security_events)",
        {
            "false_positive": "false positive",
            "wont_fix": "won't fix",
            "used_in_tests": "used in tests",
            "mitigated": "mitigated",
        },
    ),
    "dependabot": Kind(
        "dependabot",
        DependencyAlert,
        ("severity",),
        "Dependabot alerts (classic: security_events)",
        {name: name for name in ("fix_started", "inaccurate", "no_bandwidth", "not_used", "tolerable_risk")},
        numbered=False,
    ),
    "secret_scanning": Kind(
        "secret-scanning",
        SecretAlert,
        ("secret_type",),
        "Secret scanning alerts (classic: security_events, of an administrator)",
        {name: name for name in ("false_positive", "wont_fix", "revoked", "used_in_tests")},
        closed="resolved",
        reason="resolution",
        comment="resolution_comment",
        hides=True,
    ),
}


class Security:
    """GitHub's alerts and advisories, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def listed(self, call: Call, repository: str, kind: Kind, limit: int, query: Query) -> Page[Alert]:
        """List alerts of a kind, the newest first."""
        if not kind.numbered:
            call.refuse_page()
        path, asked = path_in(repository, kind.path, "alerts"), {**query, **kind.query}
        target = f"the {kind.path} alerts of {repository}"
        return await self._github.page(call, kind.model, path, target, limit=limit, query=asked, meanings=kind.meanings)

    async def read(self, call: Call, repository: str, kind: Kind, number: int) -> Alert:
        """Read an alert."""
        path, target = _alert(repository, kind, number)
        return await self._github.get(call, kind.model, path, target, query=kind.query, meanings=kind.meanings)

    async def locations(self, call: Call, repository: str, number: int, limit: int) -> Page[SecretLocation]:
        """List where a secret was found."""
        kind = KINDS["secret_scanning"]
        path, target = path_in(repository, kind.path, "alerts", number, "locations"), f"alert {number} of {repository}"
        return await self._github.page(call, SecretLocation, path, target, limit=limit, meanings=kind.meanings)

    async def update(self, call: Call, repository: str, kind: Kind, number: int, fields: Mapping[str, str]) -> Alert:
        """Set an alert's state."""
        path, target = _alert(repository, kind, number)
        return await self._github.write(call, kind.model, "PATCH", path, target, body=fields, meanings=kind.meanings)

    async def advisories(self, call: Call, repository: str | None, limit: int, query: Query) -> Page[Advisory]:
        """List advisories of a repository, or of GitHub's database."""
        call.refuse_page()
        path = _advisories(repository)
        target = repository or "advisories"
        return await self._github.page(call, Advisory, path, target, limit=limit, query=query, meanings=NO_ADVISORY)

    async def advisory(self, call: Call, repository: str | None, ghsa_id: str) -> Advisory:
        """Read an advisory."""
        path = path_in(repository, "security-advisories", ghsa_id) if repository else path_of("/advisories/{}", ghsa_id)
        target = f"{ghsa_id} of {repository}" if repository else ghsa_id
        return await self._github.get(call, Advisory, path, target, meanings=NO_ADVISORY)


def _alert(repository: str, kind: Kind, number: int) -> tuple[VendorPath, str]:
    return path_in(repository, kind.path, "alerts", number), f"{kind.path} alert {number} of {repository}"


def _advisories(repository: str | None) -> VendorPath:
    return path_in(repository, "security-advisories") if repository else path_of("/advisories")
