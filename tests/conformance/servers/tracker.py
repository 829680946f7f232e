"""A server for Tracker, the made-up vendor with Jira's and Sentry's shapes.

It has pages by offset, by a token in the body and by a Link that is always there, keys that hold their project, nested
bodies, and a query language whose errors help to correct the query.
"""

import base64
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import unquote

from agent_vendors.search_grammar import JqlGrammar
from conformance.servers.record import Ask, ServerRecord
from fixtures.resource_kinds import PROJECTS
from fixtures.stand_in_tracker import TOKEN, USER, Tracker, adf
from mcp_kit.call import Call
from mcp_kit.errors import Quoted, ToolFailed, WrongArguments
from mcp_kit.paging import CursorPaging, LinkPaging, OffsetPaging
from mcp_kit.reply import Reply, rows, section
from mcp_kit.search_scope import confine
from mcp_kit.server import Server
from mcp_kit.settings import VendorSettings
from mcp_kit.tool import Cursor, Limit, Resource, collect, tool
from mcp_kit.vendor_client import VendorClient
from mcp_kit.vendor_path import path_of
from pydantic import BaseModel, Field, ValidationError
from service_kit import http
from service_kit.settings import Port
from stand_ins.kit.app import StandInApp

Project = Annotated[str, Resource(PROJECTS), Field(description="Project's key")]
Key = Annotated[str, Resource(PROJECTS, lambda key: key.rpartition("-")[0]), Field(description="PROJ-7")]
Fields = Annotated[dict[str, Any], Resource(PROJECTS, lambda fields: fields["project"]["key"])]
BY_OFFSET = OffsetPaging("startAt", "maxResults", total=("total",))
BY_TOKEN = CursorPaging("nextPageToken", "maxResults", found=("nextPageToken",))
BY_LINK = LinkPaging(pointers=("cursor",))
SEARCHES = JqlGrammar("project")


class TrackerSettings(VendorSettings):
    """Tracker's."""

    prefix: ClassVar[str] = "TRACKER"
    api_url: str = "https://tracker.example"
    port: Port = 9011


class Described(BaseModel):
    """What an issue says."""

    summary: str


class Issue(BaseModel):
    """An issue."""

    key: str
    fields: Described

    @property
    def project(self) -> str:
        """The key of its project."""
        return self.key.rpartition("-")[0]


class Event(BaseModel):
    """An event."""

    id: str
    issue: str
    level: str


class Faults(BaseModel):
    """What a refusal says."""

    errorMessages: list[str] = Field(default_factory=list)  # noqa: N815  # the vendor's own word
    errors: dict[str, str] = Field(default_factory=dict)


def explain(reply: http.Reply, target: str) -> ToolFailed | None:
    """Quote what Tracker says of a call that it does not accept."""
    if reply.status != 400:
        return None
    try:
        faults = Faults.model_validate_json(reply.body)
    except ValidationError:
        return None
    words = [*faults.errorMessages, *(f"{field}: {text}" for field, text in faults.errors.items())]
    return ToolFailed(
        f"Tracker does not accept this for {target} (400).",
        quoted=Quoted("Tracker's own words", "\n".join(words)),
        next_step="Correct it and call again.",
    )


def opening(token: str) -> Mapping[str, str]:
    """Return the header of a user and a token."""
    return {"authorization": "Basic " + base64.b64encode(f"{USER}:{token}".encode()).decode()}


class IssueTools:
    """The toolset `issues`."""

    def __init__(self, vendor: VendorClient) -> None:
        self._vendor = vendor

    @tool("issues")
    async def list_issues(
        self,
        call: Call,
        project: Project,
        method: Literal["all", "search", "events"] = "all",
        query: str = "",
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Reply:
        """List or search the issues of a project, or list its events."""
        if query and method != "search":
            raise WrongArguments("query goes with method=search; nothing was sent.")
        if method == "events":
            events = await self._vendor.page(
                call, Event, BY_LINK, path_of("/rest/projects/{}/events", project), project, limit=limit
            )
            shown = rows("events", [f"{one.id} {one.issue} {one.level}" for one in events.rows])
            return Reply(f"{events.count('events')} of {project}:", shown, events.here, events.next)
        if method == "search":
            search = {"jql": confine(SEARCHES, query, [project], argument="project")}
            page = await self._vendor.page(
                call, Issue, BY_TOKEN, path_of("/rest/search"), project, limit=limit, search=search, rows=("issues",)
            )
        else:
            path = path_of("/rest/projects/{}/issues", project)
            page = await self._vendor.page(call, Issue, BY_OFFSET, path, project, limit=limit, rows=("issues",))
        shown = rows("issues", [f"{one.key} {one.fields.summary}" for one in page.rows if one.project == project])
        return Reply(
            f"{page.count('issues')} of {project}{', narrowed by query' if query else ''}:", shown, page.here, page.next
        )

    @tool("issues")
    async def read_issue(self, call: Call, issue: Key) -> Reply:
        """Read one issue."""
        reply = await self._vendor.send(call, "GET", path_of("/rest/issue/{}", issue), issue)
        fields = self._vendor.read(Issue, reply.json()).fields
        return Reply("An issue:", [section("summary", fields.summary)])

    @tool("changes", writes=True)
    async def issue_write(self, call: Call, fields: Fields) -> Reply:
        """Create an issue of its fields."""
        reply = await self._vendor.send(
            call, "POST", path_of("/rest/issue"), "the issue", body={"fields": fields}, success=201
        )
        return Reply("Created:", rows("issue", [str(reply.json()["key"])]))


def tracker_server(settings: TrackerSettings) -> Server:
    """Make the server."""
    headers = {"user-agent": "tests"}
    vendor = VendorClient(
        settings, name="Tracker", command="tracker-mcp", headers=headers, explain=explain, opening=opening
    )
    return Server("tracker", "0", "Issues.", collect(IssueTools(vendor)), close=vendor.aclose)


def plant(stand_in: Tracker, text: str) -> None:
    """Put a text into the summary of the first issue."""
    stand_in.issues["PROJ-1"]["fields"]["summary"] = text


def reaches(_tracker: Tracker, entry: Mapping[str, Any]) -> list[str]:
    """Name the project of a path, of a new issue or of a search."""
    kind, *names = map(unquote, entry["path"].split("/")[2:])
    if kind == "search":
        return re.findall(r'project in \("([^"]*)"\)', entry["body"]["jql"])
    if kind == "projects":
        return names[:1]
    return [names[0].rpartition("-")[0]] if names else [entry["body"]["fields"].get("project", {}).get("key", "")]


OUTSIDE = {"project": "OTHER"}
NEW = {"summary": "New", "description": adf("New.")}
RECORD = ServerRecord(
    settings=TrackerSettings,
    build=tracker_server,
    stand_in=lambda: StandInApp(Tracker()),
    token=TOKEN,
    resources={"projects": ["PROJ"]},
    lists=[
        (Ask("list_issues", {"project": "PROJ"}, OUTSIDE), r"(PROJ-\d)"),
        (Ask("list_issues", {"project": "PROJ", "method": "search"}, OUTSIDE), r"(PROJ-\d)"),
        (Ask("list_issues", {"project": "PROJ", "method": "events"}, OUTSIDE), r"(PROJ-\d)"),
    ],
    reads=Ask("read_issue", {"issue": "PROJ-1"}, {"issue": "OTHER-1"}),
    plant=plant,
    writes=Ask(
        "issue_write",
        {"fields": {"project": {"key": "PROJ"}, **NEW}},
        {"fields": {"project": {"key": "OTHER"}, **NEW}},
    ),
    refused=(
        Ask("list_issues", {"project": "PROJ", "method": "search", "query": "text ~"}, {}),
        "Error in the JQL Query",
    ),
    foreign=(
        Ask("list_issues", {"project": "PROJ", "method": "search", "query": "text ~ crash"}, {}),
        {
            "issues": [
                {"key": "PROJ-8", "fields": {"summary": "OWN"}},
                {"key": "OTHER-8", "fields": {"summary": "FOREIGN"}},
            ]
        },
    ),
    singles={"read_issue"},
    reaches=reaches,
    samples={"project": "PROJ", "issue": "PROJ-1", "fields": {"project": {"key": "PROJ"}, **NEW}},
)
