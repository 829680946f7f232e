"""Alerts about a repository's code, dependencies and secrets, and security advisories."""

from dataclasses import replace
from typing import Annotated, Literal, get_args

from mcp_kit.call import Call
from mcp_kit.errors import Quoted, ToolFailed, WrongArguments
from mcp_kit.reply import Reply, rows, section
from mcp_kit.shown_names import Name
from mcp_kit.tool import Cursor, Limit, tool
from pydantic import Field

from github_mcp.client.security import KINDS, AlertKind, Kind, Security
from github_mcp.models.security import Alert
from github_mcp.tools.arguments import FEWER, Ref, Repository, narrowed

AlertNumber = Annotated[int, Field(ge=1)]
Severity = Literal["low", "medium", "high", "critical"]
Reason = Literal[
    "false_positive",
    "wont_fix",
    "used_in_tests",
    "mitigated",
    "revoked",
    "fix_started",
    "inaccurate",
    "no_bandwidth",
    "not_used",
    "tolerable_risk",
]
MOST_COMMENT = 280
UNCHANGED = (400, 409, 422)
"""What GitHub answers to a change of an alert that is so already, and to one that it does not take."""


class SecurityTools:
    """The toolset `security`."""

    def __init__(self, security: Security) -> None:
        self._security = security

    @tool("security")
    async def list_security_alerts(
        self,
        call: Call,
        repository: Repository,
        kind: AlertKind,
        state: Literal["open", "dismissed", "fixed", "all"] = "open",
        severity: Annotated[Severity | None, Field(description="Not of secret_scanning")] = None,
        ref: Annotated[Ref | None, Field(description="code_scanning alone")] = None,
        tool_name: Annotated[Name | None, Field(max_length=200, description="code_scanning alone")] = None,
        secret_type: Annotated[Name | None, Field(max_length=200)] = None,
        limit: Limit = 30,
        cursor: Cursor = None,
    ) -> Reply:
        """List a repository's security alerts of a kind, newest first. Secrets themselves are never shown."""
        chosen = KINDS[kind]
        query = {"severity": severity, "ref": ref, "tool_name": tool_name, "secret_type": secret_type}
        if odd := [name for name, value in query.items() if value is not None and name not in chosen.filters]:
            raise WrongArguments(f"{', '.join(odd)} does not go with kind={kind}; nothing was sent.")
        query["state"] = _state(chosen, state)
        page = await self._security.listed(call, repository, chosen, limit, query)
        items = rows(f"alerts of {repository}", [one.row() for one in page.rows])
        only = narrowed({name: value for name, value in query.items() if name != "state"})
        head = f"{page.count(f'{kind} alerts')} of {repository} (state {state}{only}):"
        return Reply(head, items, page.here, page.next, FEWER)

    @tool("security")
    async def get_security_alert(
        self, call: Call, repository: Repository, kind: AlertKind, alert: AlertNumber, cursor: Cursor = None
    ) -> Reply:
        """Read a security alert: what, where, how to mend it; of a secret all places, never its value."""
        target = f"{kind} alert {alert} of {repository}"
        found = await self._security.read(call, repository, KINDS[kind], alert)
        items = [section(target, found.text())]
        if kind != "secret_scanning":
            return Reply(f"{_capital(target)}:{_at(found)}", items)
        page = await self._security.locations(call, repository, alert, 100)
        items = [*(items if page.before == 0 else []), *rows(target, [one.row() for one in page.rows])]
        places = replace(page, skipped=0).count("places")
        return Reply(f"{_capital(target)}, {places}:{_at(found)}", items, page.here, page.next)

    @tool("security", checks=True)
    async def list_security_advisories(
        self,
        call: Call,
        repository: Annotated[
            Repository | None, Field(description="Its own advisories; unset: GitHub's database")
        ] = None,
        ghsa_id: Annotated[
            str | None, Field(pattern=r"^GHSA(-[0-9A-Za-z]{4}){3}$", description="Read this one whole")
        ] = None,
        cve_id: Annotated[str | None, Field(pattern=r"^CVE-[0-9]{4}-[0-9]{4,9}$")] = None,
        ecosystem: Annotated[Name | None, Field(max_length=30, description="npm, pip, go, maven…")] = None,
        affects: Annotated[Name | None, Field(max_length=200, description="Package, or package@version")] = None,
        severity: Severity | None = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Reply:
        """List security advisories, newest first, or read one. The filters are for GitHub's database."""
        query = {"cve_id": cve_id, "ecosystem": ecosystem, "affects": affects, "severity": severity}
        given = [name for name, value in query.items() if value is not None]
        if given and (repository or ghsa_id):
            raise WrongArguments(f"{', '.join(given)} goes with neither repository nor ghsa_id; nothing was sent.")
        where = f" of {repository}" if repository else ""
        if ghsa_id:
            one = await self._security.advisory(call, repository, ghsa_id)
            at = f" {one.address}" if one.address else ""
            return Reply(f"Advisory {ghsa_id}{where}:{at}", [section(f"advisory {ghsa_id}", one.text())])
        page = await self._security.advisories(call, repository, limit, query)
        items = rows(f"advisories{where}", [one.row() for one in page.rows])
        return Reply(f"{page.count('advisories')}{where}{narrowed(query)}:", items, page.here, page.next, FEWER)

    @tool("security", writes=True, danger=True, idempotent=True)
    async def update_security_alert(
        self,
        call: Call,
        repository: Repository,
        kind: AlertKind,
        alert: AlertNumber,
        state: Literal["dismissed", "open"],
        reason: Annotated[Reason | None, Field(description="For dismissed")] = None,
        comment: Annotated[str | None, Field(max_length=MOST_COMMENT)] = None,
    ) -> Reply:
        """Dismiss a security alert with a reason, or open it again."""
        chosen, target = KINDS[kind], f"{kind} alert {alert} of {repository}"
        fields = _fields(kind, state, reason, comment)
        try:
            made = await self._security.update(call, repository, chosen, alert, fields)
        except ToolFailed as refusal:
            if refusal.status not in UNCHANGED:
                raise
            now = await self._security.read(call, repository, chosen, alert)
            if not _is(now, chosen, fields):
                raise
            return Reply(f"{_capital(target)} is {now.state} already; nothing was changed.{_at(now)}")
        if not _is(made, chosen, fields):
            raise ToolFailed(
                f"{_capital(target)} is not as it was asked for.",
                quoted=Quoted("what it is", made.row()),
                next_step="Do not repeat it: say what differs.",
            )
        return Reply(f"{_capital(target)} is {made.state} now.{_at(made)}")


def _state(kind: Kind, state: str) -> str | None:
    """Return GitHub's word for a state of alerts; None for all."""
    if state == "all":
        return None
    if state == "fixed" and kind.closed == "resolved":
        raise WrongArguments("No secret is fixed by itself: state=dismissed lists those resolved; nothing was sent.")
    if state == "dismissed":
        return "auto_dismissed,dismissed" if kind.path == "dependabot" else kind.closed
    return state


def _fields(kind: AlertKind, state: str, reason: str | None, comment: str | None) -> dict[str, str]:
    """Return the fields by which GitHub sets an alert's state."""
    chosen = KINDS[kind]
    if state == "open":
        if reason is not None or comment is not None:
            raise WrongArguments("reason and comment go with state=dismissed; nothing was sent.")
        return {"state": "open"}
    if reason is None or reason not in chosen.reasons:
        listed = ", ".join(one for one in get_args(Reason) if one in chosen.reasons)
        raise WrongArguments(f"To dismiss a {kind} alert takes a reason, one of {listed}; nothing was sent.")
    said = {chosen.comment: comment} if comment is not None else {}
    return {"state": chosen.closed, chosen.reason: chosen.reasons[reason], **said}


def _is(alert: Alert, kind: Kind, fields: dict[str, str]) -> bool:
    """Return whether an alert has the state and the reason that were asked for."""
    return alert.state == fields["state"] and fields.get(kind.reason) in (None, alert.reason)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _at(alert: Alert) -> str:
    return f" {alert.address}" if alert.address else ""
