"""Tracker's gateway, with Jira's and Sentry's shapes: nested bodies, ADF, keys that name a project, pages by offset."""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import httpx
from agent_contracts import Grant
from agent_vendors.search_grammar import JqlGrammar
from api_kit import (
    Body,
    Call,
    Classified,
    Credential,
    Fetch,
    Json,
    Probe,
    Resource,
    Route,
    Search,
    Table,
    UpstreamVendor,
    adf,
    by_status,
    document_of,
)
from api_kit.paths import encode
from api_kit.routes import Access
from conformance.gateways.record import Ask, GatewayRecord, by_link, objects
from fixtures.resource_kinds import PROJECTS
from fixtures.stand_in_tracker import TOKEN, USER, Tracker
from fixtures.stand_in_tracker import adf as document_with
from service_kit.http import Reply
from stand_ins.kit.app import StandInApp
from stand_ins.kit.faults import Fault

TRANSITIONS: dict[Json, Access] = {"11": "write", "31": "danger"}
IN_PATH = Resource(PROJECTS, "path", "{project}")
IN_BODY = Resource(PROJECTS, "body", "{fields.project.key}")
OF_KEY = Resource(PROJECTS, "call", names=lambda call: _project(call.path["key"]), spelled_in=("key",))


def _project(key: str) -> list[str]:
    project, dash, number = key.rpartition("-")
    return [project] if dash and number.isdigit() else []


def projects_of(document: Json) -> Sequence[str]:
    """Name the project of each issue, by its key."""
    rows = document["issues"] if isinstance(document, dict) and "issues" in document else document
    return [name for issue in objects(rows) for name in _project(str(issue.get("key"))) or [""]]


def projects_of_events(document: Json) -> Sequence[str]:
    """Name the project of each event, by its issue."""
    return [name for event in objects(document) for name in _project(str(event.get("issue"))) or [""]]


def classify(reply: Reply) -> Classified:
    """Classify by status, with the vendor's own words of what is wrong."""
    said = by_status(reply)
    document = document_of(reply) if said.state != "done" else None
    messages = document.get("errorMessages") if isinstance(document, dict) else None
    words = "; ".join(str(one) for one in messages) if isinstance(messages, list) else None
    return Classified(said.state, said.seconds, words)


def mark(body: Json, effect: UUID) -> Json:
    """Put the effect's id where the vendor keeps it: a label."""
    fields = body.get("fields") if isinstance(body, dict) else None
    if not isinstance(fields, dict):
        return body
    labels = fields.get("labels")
    return {"fields": {**fields, "labels": [*(labels if isinstance(labels, list) else []), f"effect-{effect}"]}}


async def find(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Look for the label among the project's issues."""
    (project,) = call.resources["projects"]
    listed = await fetch(f"/rest/projects/{encode(project)}/issues?maxResults=100")
    rows = objects(listed["issues"] if isinstance(listed, dict) else None)
    return next((issue for issue in rows if f"effect-{effect}" in json.dumps(issue)), None)


def access_of(call: Call) -> Access | None:
    """Return `danger` for a transition to done; a transition that is none has no answer."""
    transition = call.body.get("transition") if isinstance(call.body, dict) else None
    return TRANSITIONS.get(transition.get("id") if isinstance(transition, dict) else None)


def table() -> Table:
    """Make the routes."""
    issues = Route(
        "GET",
        "/rest/projects/{project:name}/issues",
        resources=(IN_PATH,),
        query=frozenset({"startAt", "maxResults"}),
        reply_resources=projects_of,
    )
    create = Route(
        "POST",
        "/rest/issue",
        access="write",
        tools=frozenset({"create_issue"}),
        resources=(IN_BODY,),
        body=Body(
            frozenset({"fields.project.key", "fields.summary", "fields.description", "fields.labels"}),
            texts={"fields.description": adf},
        ),
        target="{fields.project.key}",
        effect_fields=("fields",),
        verify_reply=lambda asked, reply: None if projects_of(reply) != [""] else "the reply is not an issue",
        reply_resources=projects_of,
        probe=Probe(find, mark=mark, status=201),
    )
    move = Route(
        "POST",
        "/rest/issue/{key}/transitions",
        access="write",
        access_of=access_of,
        tools=frozenset({"transition_issue"}),
        resources=(OF_KEY,),
        body=Body(frozenset({"transition.id"})),
        idempotent=True,
        target="{key}",
    )
    search = Route(
        "POST",
        "/rest/search",
        body=Body(frozenset({"jql", "maxResults", "nextPageToken"})),
        search=Search(JqlGrammar(), "jql", PROJECTS, "body"),
        reply_resources=projects_of,
    )
    events = Route(
        "GET",
        "/rest/projects/{project:name}/events",
        resources=(IN_PATH,),
        query=frozenset({"cursor"}),
        reply_resources=projects_of_events,
    )
    read = Route("GET", "/rest/issue/{key}", resources=(OF_KEY,), reply_resources=projects_of)
    return Table([issues, events, read, create, move, search])


def vendor() -> UpstreamVendor:
    """Make Tracker as the core needs it."""
    opening = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
    credential = Credential("tracker", {"authorization": f"Basic {opening}"})
    return UpstreamVendor("tracker", lambda tenant: credential, classify=classify)


def following(reply: httpx.Response, ask: Ask) -> Ask | None:
    """Go on at the next offset."""
    page = reply.json()
    base = ask.target.partition("&startAt=")[0]
    start = page["startAt"] + page["maxResults"]
    return None if page["isLast"] else Ask("GET", f"{base}&startAt={start}")


def create(project: str, **more: object) -> Ask:
    """Create an issue."""
    fields = {"project": {"key": project}, "summary": "Crash", "description": document_with("Help."), **more}
    return Ask("POST", "/rest/issue", "create_issue", body={"fields": fields})


def move(key: str, transition: str) -> Ask:
    """Move an issue."""
    return Ask("POST", f"/rest/issue/{key}/transitions", "transition_issue", body={"transition": {"id": transition}})


RECORD = GatewayRecord(
    vendor=vendor,
    table=table,
    stand_in=lambda: StandInApp(Tracker()),
    grant=Grant(tools=["create_issue", "transition_issue"], resources={"projects": ["PROJ"]}, mode="write"),
    read=Ask("GET", "/rest/issue/PROJ-1"),
    create=create("PROJ", labels=["crash"]),
    required="tracker/create_issue[labels,summary]@PROJ",
    listing=lambda size: Ask("GET", f"/rest/projects/PROJ/issues?maxResults={size}"),
    rows=lambda document: list(document["issues"]),
    following=following,
    held=lambda stand_in: sum(key.startswith("PROJ-") for key in stand_in.issues),
    elsewhere=(
        Ask("GET", "/rest/issue/OTHER-1"),
        Ask("GET", "/rest/projects/OTHER/issues"),
        create("OTHER"),
        move("OTHER-1", "11"),
        Ask("POST", "/rest/search", body={"jql": "project = OTHER"}),
    ),
    hostile=(
        Ask("GET", "/rest/issue/PROJ"),
        Ask("GET", "/rest/issue/PROJ-1%2F..%2FOTHER-1"),
        Ask("GET", "/rest/projects/PROJ%2f..%2fOTHER/issues"),
        Ask("GET", "/rest/projects/../OTHER/issues"),
        create("PROJ", customfield_1="x"),
        Ask("POST", "/rest/issue", "create_issue", body={"fields": {"project": {"key": "PROJ", "id": "2"}}}),
        Ask("POST", "/rest/search", body={"jql": 'text ~ "x") OR (project = OTHER'}),
        Ask("POST", "/rest/search", body={"jql": 'issue in linkedIssues("OTHER-1")'}),
        move("PROJ-1", "99"),
    ),
    foreign={"id": "1", "key": "OTHER-1", "fields": {}},
    limited=Fault(fault="rate_limit", seconds=1),
    dangerous=(move("PROJ-1", "31"),),
    harmless=(move("PROJ-1", "11"),),
)

STATES_ALONE = replace(
    RECORD,
    create=None,
    changes=move("PROJ-1", "11"),
    changed=lambda stand_in: stand_in.issues["PROJ-1"]["fields"]["status"]["name"] == "In Progress",
    required="tracker/transition_issue[transition]@PROJ-1",
    listing=lambda size: Ask("GET", "/rest/projects/PROJ/events"),
    rows=list,
    following=by_link,
)
"""Tracker as a vendor of which only states are set, and whose pages have a fixed length."""
