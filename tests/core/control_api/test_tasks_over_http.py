"""Tasks over HTTP: accepted means committed, each door sees its tenant alone, every refusal names its reason."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from agent_contracts import TaskResult, uuid7
from agent_contracts.event import Body, Finished, Text
from agent_ledger import append_events, claim, finish
from control_api.auth import open_door
from control_api.errors import Refusal
from fixtures.control import OTHER_TOKEN, TOKEN, Control, built
from fixtures.serving import serving
from service_kit.access import AccessFile
from service_kit.http import HttpClient, Reply
from starlette.requests import Request

TASK = {"skill": "issue-triage", "input": {"repository": "octocat/hello-world", "issue": 1}}


async def post(control: Control, body: Any, kind: str | None = "application/json") -> Reply:
    """Submit a task, said to be of a content type."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = control.headers | ({"content-type": kind} if kind is not None else {})
    return await control.http.request("POST", "/v1/tasks", content=raw, headers=headers)


async def test_accepted_means_committed(control: Control) -> None:
    """The row is there when the answer is, with what the door set."""
    reply = await post(control, TASK)
    assert reply.status == 202
    shown = (await control.http.request("GET", reply.headers["location"], headers=control.headers)).json()
    assert shown["state"] == "queued"
    assert shown["result"] is None
    assert shown["task"]["actor"] == {"kind": "person", "id": "ada"}
    assert shown["task"]["origin"] == {"kind": "http", "ref": "http:local"}


async def test_the_same_id_is_one_task_and_another_body_a_conflict(control: Control) -> None:
    """A client may send again what it is not sure of."""
    body = {**TASK, "id": str(uuid7())}
    assert [(await post(control, body)).status for _ in range(2)] == [202, 200]
    assert (await post(control, {**body, "input": "other"})).status == 409


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        (b"{", 400, "JSON"),
        (b'{"skill": "issue-triage", "input": "\xff"}', 400, "UTF-8"),
        ({**TASK, "skil": 1}, 422, "skil"),
        ({**TASK, "tenant": "globex"}, 422, "tenant"),
        ({**TASK, "actor": {"kind": "person", "id": "root"}}, 422, "actor"),
        ({**TASK, "budget": {"usd": -1}}, 422, "budget.usd"),
        ({**TASK, "budget": {"turns": 0}}, 422, "budget.turns"),
        ({**TASK, "budget": "much"}, 422, "budget"),
        (b'{"a":' * 200_000, 400, "more than 100000 values"),
        ({**TASK, "skill": "other-skill"}, 403, "other-skill"),
        (b'{"skill": "issue-triage", "input": {"issue": NaN}}', 400, "NaN is no JSON value"),
        (b'{"skill": "issue-triage", "input": {"issue": 1e999}}', 400, "1e999 is too large"),
        ({**TASK, "input": {"issue": "one"}}, 422, 'issue: "one" is not of type "integer"'),
        ({**TASK, "input": 3}, 422, "input: Input should be a valid string, or an object"),
        ({**TASK, "deadline": "2020-01-01T00:00:00Z"}, 422, "deadline"),
        ({**TASK, "input": "x" * 1_100_000}, 413, "1048576"),
        ({**TASK, "input": "a\x00b"}, 422, "NUL"),
        ({**TASK, "resources": {"github": {"repositories": ["evil/secret"]}}}, 403, "github"),
    ],
)
async def test_what_is_no_task_is_refused_by_name(control: Control, body: Any, status: int, part: str) -> None:
    """Each refusal names the field or fault, and nothing is kept."""
    reply = await post(control, body)
    assert (reply.status, part in reply.json()["message"]) == (status, True), reply.text
    assert await control.tasks() == []


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"skill": "other-skill"}, "`agent-engine access scope door NAME`, or in access.yaml"),
        ({"input": {"issue": "one"}}, "`agent-engine skills list`"),
        ({"budget": "much"}, "docs/schemas/task.schema.json"),
    ],
)
async def test_a_remedy_names_where_it_is_mended(control: Control, change: dict[str, Any], part: str) -> None:
    """What a door does not open is opened in access.yaml, an input is told by its skill, all else by the schema."""
    assert part in (await post(control, TASK | change)).json()["remedy"]


async def test_a_full_queue_is_429_with_the_figure(control: Control) -> None:
    """A tenant that may have one task queued is told so with its second, which is no row."""
    path = control.folder / "access.yaml"
    access = yaml.safe_load(path.read_text())
    access["tenants"] = {"acme": {"quotas": {"queued": 1}}}
    path.write_text(yaml.safe_dump(access))
    await asyncio.sleep(1.1)
    assert (await post(control, TASK)).status == 202
    reply = await post(control, TASK)
    assert (reply.status, reply.json()["reason"]) == (429, "quota")
    assert "tenant acme has 1 tasks queued, and may have 1" in reply.json()["message"]
    assert len(await control.tasks()) == 1


@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/triggers/test"])
@pytest.mark.parametrize(
    "kind",
    [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json; charset=latin-1"],
)
async def test_a_body_says_that_it_is_json(control: Control, path: str, kind: str | None) -> None:
    """A post of another content type, or of none, is refused with what is wanted."""
    headers = control.headers | ({"content-type": kind} if kind is not None else {})
    reply = await control.http.request("POST", path, content=json.dumps(TASK).encode(), headers=headers)
    assert (reply.status, reply.json()["reason"]) == (415, "content_type")
    assert reply.json()["remedy"] == "Send Content-Type: application/json, without a content encoding."
    assert await control.tasks() == []


async def test_a_content_type_may_name_its_charset(control: Control) -> None:
    """Parameters and capitals do not make it another type."""
    assert (await post(control, TASK, "Application/JSON; charset=utf-8")).status == 202


@pytest.mark.parametrize(
    ("status", "name", "value"), [(421, "host", "a.example"), (403, "origin", "https://a.example")]
)
async def test_other_hosts_and_origins_are_refused_like_the_rest(
    control: Control, status: int, name: str, value: str
) -> None:
    """What is not for control has message, reason and remedy, and is counted."""
    reply = await control.http.request("GET", "/v1/tasks", headers=control.headers | {name: value})
    assert (reply.status, reply.json()["reason"], reply.headers["x-agent-control-error"]) == (status, name, name)
    assert value in reply.json()["message"]
    assert f'control_refusals_total{{reason="{name}"}} 1.0' in (await control.http.request("GET", "/metrics")).text


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer abd_unknown"}, {"authorization": "Basic x"}])
async def test_no_token_no_task(control: Control, headers: dict[str, str]) -> None:
    """Control demands a token on loopback too."""
    reply = await control.http.request("POST", "/v1/tasks", json=TASK, headers=headers)
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == "Bearer"


async def test_two_tokens_are_none(control: Control) -> None:
    """A request says once who asks: which of two would count is nobody's guess."""
    twice = [(b"authorization", f"Bearer {token}".encode()) for token in (TOKEN, OTHER_TOKEN)]
    access = AccessFile(control.folder / "access.yaml")
    assert open_door(Request({"type": "http", "headers": twice[:1]}), access).tenant == "acme"
    with pytest.raises(Refusal, match="2 times"):
        open_door(Request({"type": "http", "headers": twice}), access)


async def test_a_tenant_does_not_see_another_s_tasks(control: Control) -> None:
    """Showing, following, listing and cancelling end at the tenant."""
    place = (await post(control, TASK)).headers["location"]
    other = {"authorization": f"Bearer {OTHER_TOKEN}"}
    for method, path in [("GET", place), ("GET", place + "/events"), ("POST", place + "/cancel")]:
        assert (await control.http.request(method, path, headers=other)).status == 404
    assert (await control.http.request("GET", "/v1/tasks", headers=other)).json() == {"tasks": []}
    assert (await control.http.request("GET", f"/v1/tasks/{uuid4()}", headers=control.headers)).status == 404


async def test_one_tenant_holds_half_of_the_streams(control: Control, tmp_path: Path) -> None:
    """However many event streams one tenant opens, another has places left; who has none is told how it stands."""
    place = (await post(control, TASK)).headers["location"]
    other = {"authorization": f"Bearer {OTHER_TOKEN}"}
    theirs = (await control.http.request("POST", "/v1/tasks", json=TASK, headers=other)).headers["location"]
    app = built(tmp_path, control.pool, MAX_STREAMS="4")
    async with serving(app) as url, HttpClient(base_url=url, retries=0) as http, AsyncExitStack() as streams:

        async def opened(path: str, headers: Mapping[str, str]) -> int:
            reply = await streams.enter_async_context(http.stream("GET", path + "/events", headers=headers))
            return reply.status

        assert [await opened(place, control.headers) for _ in range(3)] == [200, 200, 429]
        assert [await opened(theirs, other) for _ in range(3)] == [200, 200, 503]
        refused = await http.request("GET", place + "/events", headers=control.headers)
        assert "4 event streams are open" in refused.text
        counted = (await http.request("GET", "/metrics")).text
        assert 'control_event_streams_refused_total{whose="all"} 2.0' in counted
        await streams.aclose()
        async with asyncio.timeout(30):
            while await opened(place, control.headers) != 200:
                await asyncio.sleep(0.05)
        await streams.aclose()


async def test_cancel_ends_a_queued_task_once(control: Control) -> None:
    """The first wish cancels, the second hears that it has ended."""
    place = (await post(control, TASK)).headers["location"]
    statuses = [(await control.http.request("POST", place + "/cancel", headers=control.headers)).status for _ in "ab"]
    assert statuses == [202, 409]
    shown = (await control.http.request("GET", place, headers=control.headers)).json()
    assert (shown["state"], shown["result"]["reason"]) == ("cancelled", "cancelled")


async def test_a_result_of_another_version_is_said_to_be_one(control: Control) -> None:
    """What this version cannot read is refused with whose it is; an event stream ends with the same in a comment."""
    place = (await post(control, TASK)).headers["location"]
    await control.http.request("POST", place + "/cancel", headers=control.headers)
    async with control.pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")  # a final row is held by a trigger
        await connection.execute('update ledger.results set body = \'{"colour": "red"}\'')
    shown = await control.http.request("GET", place, headers=control.headers)
    name = place.rsplit("/", 1)[1]
    assert (shown.status, shown.json()["reason"]) == (500, "unreadable")
    assert f"the result of task {name} cannot be read" in shown.json()["message"]
    lines = (await control.http.request("GET", place + "/events", headers=control.headers)).text.strip().splitlines()
    assert lines[-1].startswith(f": the result of task {name} cannot be read")


async def test_events_come_from_the_beginning_or_from_the_last_one_seen(control: Control) -> None:
    """The stream gives every event in order, live ones too, and ends with the result."""
    place = (await post(control, TASK)).headers["location"]
    taken = await claim(
        control.pool, worker="w", lease_seconds=30, pools=["default"], engines=["claude"], skills={"issue-triage": "v1"}
    )
    assert taken is not None
    task_id = taken.task.id
    assert task_id is not None

    async def run() -> None:
        await asyncio.sleep(0.2)
        now = datetime.now(UTC)
        bodies: list[tuple[int, datetime, Body]] = [
            (1, now, Text(text="hello")),
            (2, now, Finished(status="succeeded")),
        ]
        await append_events(control.pool, task_id, taken.attempt, bodies)
        result = TaskResult(task_id=task_id, status="succeeded", attempts=1)
        await finish(control.pool, task_id, taken.attempt, result)

    running = asyncio.create_task(run())
    whole = (await control.http.request("GET", place + "/events", headers=control.headers)).text
    await running
    assert [line for line in whole.splitlines() if line.startswith("event:")] == [
        "event: queued",
        "event: text",
        "event: finished",
        "event: result",
    ]
    later = await control.http.request("GET", place + "/events", headers=control.headers | {"last-event-id": "1-1"})
    assert "event: text" not in later.text
    assert "event: finished" in later.text
    wrong = await control.http.request("GET", place + "/events", headers=control.headers | {"last-event-id": "x"})
    assert wrong.status == 422


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v2", 404), ("PUT", "/v1/tasks", 405)])
async def test_what_is_not_served_is_refused_like_the_rest(
    control: Control, method: str, path: str, status: int
) -> None:
    """An unknown path or method has a reason and a remedy too."""
    reply = await control.http.request(method, path, headers=control.headers)
    assert (reply.status, reply.json()["reason"]) == (status, "route")


@pytest.mark.parametrize("limit", ["0", "201", "x", "²", "-1", "9" * 5000])
async def test_a_limit_that_is_no_usable_number_is_named(control: Control, limit: str) -> None:
    """Whatever stands in limit, the answer is a refusal that names it."""
    reply = await control.http.request("GET", "/v1/tasks", params={"limit": limit}, headers=control.headers)
    assert (reply.status, limit[:40] in reply.json()["message"]) == (422, True)


async def test_a_page_after_no_task_is_refused(control: Control) -> None:
    """An id that is nobody's, or another tenant's, is no place to go on from."""
    theirs = {"authorization": f"Bearer {OTHER_TOKEN}"}
    other = await control.http.request("POST", "/v1/tasks", json=TASK, headers=theirs)
    for before in (other.json()["id"], "00000000-0000-0000-0000-000000000007"):
        reply = await control.http.request("GET", "/v1/tasks", params={"before": before}, headers=control.headers)
        assert (reply.status, reply.json()["reason"], before in reply.json()["message"]) == (422, "query", True)


async def test_the_openapi_document_lists_every_route(control: Control) -> None:
    """What control serves under /v1 is what its document says."""
    document = (await control.http.request("GET", "/openapi.json")).json()
    assert set(document["paths"]) == {
        "/v1/tasks",
        "/v1/tasks/{id}",
        "/v1/tasks/{id}/events",
        "/v1/tasks/{id}/cancel",
        "/v1/proposals",
        "/v1/proposals/{id}",
        "/v1/proposals/{id}/approve",
        "/v1/proposals/{id}/deny",
        "/v1/webhooks/github",
        "/v1/webhooks/github/{instance}",
        "/v1/triggers/test",
    }
    assert "skill" in document["components"]["schemas"]["Task"]["required"]
