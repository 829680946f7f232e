"""The stand-in GitHub speaks as GitHub describes itself, and what GitHub would refuse is seen."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from contract.github_spec import access, apps, forks, personal, planning, projects, security
from contract.github_spec.code_exchanges import CODE_READS, CODE_WRITES, ids_of
from fixtures.github_spec import repository_of
from fixtures.serving import serving
from service_kit.errors import UpstreamError
from service_kit.http import HttpClient
from stand_ins.github.app import OPERATIONS, StandInApp
from stand_ins.github.ask import Operation
from stand_ins.kit.exchange_checker import ExchangeChecker
from stand_ins.kit.webhooks import Hook

pytestmark = pytest.mark.npm
HELLO = "/repos/octocat/hello-world"
DISPATCH = f"{HELLO}/actions/workflows/release.yml/dispatches"
MEDIA = [
    ("pulls/5", "application/vnd.github.diff"),
    ("contents/README.md", "application/vnd.github.raw+json"),
    ("contents/hello", "application/vnd.github.object+json"),
    ("/search/code?q=greet+repo:octocat/hello-world", "application/vnd.github.text-match+json"),
]

READS = [
    ("/user", 200),
    ("/rate_limit", 200),
    (HELLO, 200),
    ("/repos/octocat/secret-plans", 200),
    ("/repos/octocat/off-limits", 404),
    (f"{HELLO}/issues", 200),
    (f"{HELLO}/issues?state=all&per_page=2&page=2&sort=updated&direction=asc", 200),
    (f"{HELLO}/issues?labels=bug&since=2026-01-01T00:00:00Z&assignee=none&creator=mona-example", 200),
    (f"{HELLO}/issues/1", 200),
    (f"{HELLO}/issues/2", 200),
    (f"{HELLO}/issues/999", 404),
    (f"{HELLO}/issues/comments", 200),
    (f"{HELLO}/issues/2/comments?per_page=1", 200),
    (f"{HELLO}/issues/2/labels", 200),
    (f"{HELLO}/labels?per_page=5", 200),
    (f"{HELLO}/labels/good%20first%20issue", 200),
    (f"{HELLO}/labels/nonsense", 404),
    ("/search/issues?q=repo:octocat/hello-world+is:issue+crash&sort=created&order=asc&advanced_search=true", 200),
    ("/search/issues?q=repo:octocat/hello-world+repo:octocat/secret-plans+is:issue+HOME", 200),
    ("/search/issues?q=is:pr+is:open&per_page=1", 200),
    ("/search/issues?q=crash", 422),
    ("/search/issues?q=is:issue+repo:nobody/nothing", 422),
    (f"{HELLO}/pulls?state=all", 200),
    (f"{HELLO}/pulls/5", 200),
    (f"{HELLO}/pulls/1", 404),
    (f"{HELLO}/pulls/6/files?per_page=100", 200),
    (f"{HELLO}/pulls/6/commits?per_page=3", 200),
    (f"{HELLO}/pulls/5/reviews?per_page=1", 200),
    (f"{HELLO}/pulls/5/comments?per_page=2", 200),
    (f"{HELLO}/pulls/comments?sort=created&direction=desc", 200),
    (f"{HELLO}/contents/", 200),
    (f"{HELLO}/contents/hello", 200),
    (f"{HELLO}/contents/hello/greet.py?ref=main", 200),
    (f"{HELLO}/contents/no/such/file", 404),
    *CODE_READS,
    (f"{HELLO}/releases?per_page=2", 200),
    (f"{HELLO}/releases/latest", 200),
    ("/repos/octocat/secret-plans/releases/latest", 404),
    (f"{HELLO}/releases/tags/v2.2.0", 200),
    (f"{HELLO}/releases/tags/v9.9.9", 404),
    (f"{HELLO}/deployments?environment=production", 200),
    (f"{HELLO}/actions/workflows?per_page=1", 200),
    (f"{HELLO}/actions/workflows/ci.yml", 200),
    (f"{HELLO}/actions/workflows/no.yml", 404),
    (f"{HELLO}/actions/workflows/510001/runs?actor=octocat&event=push&branch=main&status=completed", 200),
    (f"{HELLO}/actions/runs?per_page=1&status=failure", 200),
    (f"{HELLO}/actions/runs/6100003", 200),
    (f"{HELLO}/actions/runs/1", 404),
    (f"{HELLO}/actions/runs/6100003/jobs?filter=all&per_page=1", 200),
    (f"{HELLO}/actions/runs/6100003/attempts/1/jobs", 200),
    (f"{HELLO}/actions/runs/6100003/attempts/2/jobs", 404),
    (f"{HELLO}/actions/runs/6100001/artifacts?name=coverage", 200),
    (f"{HELLO}/actions/runs/6100001/timing", 200),
    (f"{HELLO}/actions/jobs/7100004", 200),
    (f"{HELLO}/actions/jobs/7100004/logs", 302),
    (f"{HELLO}/commits/settings-without-home/status", 200),
    (f"{HELLO}/commits/main/status?per_page=1", 200),
    (f"{HELLO}/commits/settings-without-home/check-runs?per_page=1&filter=latest&status=completed", 200),
    (f"{HELLO}/commits/main/check-runs?check_name=lint&filter=all", 200),
    (f"{HELLO}/check-runs/7100004/annotations", 200),
]
INLINE = {"path": "hello/languages/fr.txt", "line": 1, "side": "RIGHT", "body": "Why?"}
WRITES: list[tuple[str, str, Any, int]] = [
    ("POST", f"{HELLO}/issues", {"title": "A", "body": "b", "labels": ["bug"], "assignees": ["mona-example"]}, 201),
    ("POST", f"{HELLO}/issues", {"title": "No text"}, 201),
    ("PATCH", f"{HELLO}/issues/1", {"title": "T", "labels": ["bug", "new"], "assignees": [], "milestone": None}, 200),
    ("PATCH", f"{HELLO}/issues/1", {"state": "closed", "state_reason": "not_planned"}, 200),
    ("PATCH", f"{HELLO}/issues/1", {"state": "open"}, 200),
    ("PATCH", f"{HELLO}/issues/1", {"assignees": ["nobody-at-all"]}, 422),
    ("POST", f"{HELLO}/issues/1/comments", {"body": "A comment"}, 201),
    ("POST", f"{HELLO}/issues/1/comments", {"body": " "}, 422),
    ("POST", f"{HELLO}/issues/1/labels", {"labels": ["question"]}, 200),
    ("PUT", f"{HELLO}/issues/1/labels", {"labels": ["documentation"]}, 200),
    ("DELETE", f"{HELLO}/issues/1/labels/documentation", None, 200),
    ("DELETE", f"{HELLO}/issues/1/labels/documentation", None, 404),
    ("DELETE", f"{HELLO}/issues/1/labels", None, 204),
    ("POST", f"{HELLO}/pulls/6/reviews", {"body": "b", "event": "COMMENT", "comments": [INLINE]}, 200),
    ("POST", f"{HELLO}/pulls/6/reviews", {"event": "COMMENT", "comments": [INLINE | {"line": 99}]}, 422),
    ("POST", f"{HELLO}/labels", {"name": "fresh", "color": "00ff00", "description": "New"}, 201),
    ("POST", f"{HELLO}/labels", {"name": "BUG"}, 422),
    *CODE_WRITES,
    ("POST", f"{HELLO}/releases", {"tag_name": "v2.4.0", "name": "Next", "body": "b", "draft": True}, 201),
    ("POST", f"{HELLO}/releases", {"tag_name": "v2.4.0", "generate_release_notes": True, "prerelease": True}, 201),
    ("POST", f"{HELLO}/releases", {"tag_name": "v2.3.0"}, 422),
    ("POST", f"{HELLO}/releases", {"tag_name": "v2 3"}, 422),
    ("POST", f"{HELLO}/releases/generate-notes", {"tag_name": "v2.3.0", "previous_tag_name": "v2.2.0"}, 200),
    ("POST", f"{HELLO}/releases/generate-notes", {"tag_name": "v2.3.0", "previous_tag_name": "none"}, 422),
    ("POST", f"{HELLO}/actions/runs/6100003/rerun-failed-jobs", {"enable_debug_logging": False}, 201),
    ("POST", f"{HELLO}/actions/runs/6100003/rerun", None, 403),
    ("POST", f"{HELLO}/actions/runs/6100003/cancel", None, 202),
    ("POST", f"{HELLO}/actions/runs/6100003/cancel", None, 409),
    ("POST", f"{HELLO}/actions/runs/6100001/rerun", None, 201),
    ("POST", DISPATCH, {"ref": "main", "inputs": {"version": "3.0.0"}}, 204),
    ("POST", DISPATCH, {"ref": "main", "inputs": {"version": "3.0.0"}, "return_run_details": True}, 200),
    ("POST", DISPATCH, {"ref": "nowhere", "inputs": {"version": "3.0.0"}}, 422),
]


async def test_every_operation_and_status_conforms(
    client: httpx.AsyncClient, checker: ExchangeChecker, github: StandInApp, tmp_path: Path
) -> None:
    """Each operation, with each status that it can give on its own, is as GitHub describes it; so are pages by id."""
    world = github.stand_in.world
    of_topics = planning.reads(world) + projects.reads(world) + security.READS + access.READS + personal.reads(world)
    for path, status in READS + of_topics:
        reply = await client.get(path)
        assert (path, reply.status_code) == (path, status)
        if "next" in reply.links:
            assert (await client.get(reply.links["next"]["url"])).status_code == 200
        if reply.status_code == 200 and path != "/rate_limit":
            again = await client.get(path, headers={"If-None-Match": reply.headers["ETag"]})
            assert (path, again.status_code) == (path, 304)
    for deployment in (await client.get(f"{HELLO}/deployments")).json():
        assert (await client.get(deployment["statuses_url"])).status_code == 200
    told = await ids_of(client)
    written = planning.writes(world) + projects.writes(world) + access.writes(world) + personal.writes(world)
    for method, path, body, status in WRITES + security.WRITES + forks.WRITES + written:
        sent = json.loads(re.sub(r"\{(main|tree|made|blob)\}", lambda found: told[found[1]], json.dumps(body)))
        reply = await client.request(method, path, **({} if sent is None else {"json": sent}))
        assert (method, path, reply.status_code) == (method, path, status)
        if "location" in reply.headers:
            assert (await client.get(reply.headers["location"])).status_code == 200
    await _review(client)
    await apps.exchange(client, github, tmp_path)
    for path, accept in MEDIA:
        assert (
            await client.get(path if path.startswith("/") else f"{HELLO}/{path}", headers={"Accept": accept})
        ).status_code == 200
    assert checker.violations == []
    assert {(method, path) for method, path, _ in checker.checked} == {
        _described(one) for one in OPERATIONS if one.tier != "graphql"
    }


async def _review(client: httpx.AsyncClient) -> None:
    """Begin a review and submit it, begin another and delete it, and answer a comment."""
    reviews = f"{HELLO}/pulls/6/reviews"
    for method, path, body in (("POST", "/events", {"event": "APPROVE"}), ("DELETE", "", None)):
        begun = (await client.post(reviews, json={"body": "b"})).json()
        assert (await client.get(f"{reviews}/{begun['id']}")).json()["state"] == "PENDING"
        assert (await client.get(f"{reviews}/{begun['id']}/comments")).json() == []
        assert (await client.request(method, f"{reviews}/{begun['id']}{path}", json=body)).status_code == 200
    (comment, *_) = (await client.get(f"{HELLO}/pulls/6/comments")).json()
    of = f"{reviews}/{comment['pull_request_review_id']}/comments"
    assert [one["id"] for one in (await client.get(of)).json()] == [comment["id"]]
    answer = await client.post(f"{HELLO}/pulls/6/comments/{comment['id']}/replies", json={"body": "Because."})
    assert answer.status_code == 201


def _described(operation: Operation) -> tuple[str, str]:
    """Name an operation as GitHub's description does, which counts the root folder as a path."""
    path = re.sub(r"/contents$", "/contents/{path}", re.sub(r":(int|path)}", "}", operation.path))
    whole = f"/repos/{{owner}}/{{repo}}{path}" if operation.of_repository else path
    return operation.method, whole


def _places(value: Any, at: str = "") -> list[str]:
    """List the places of an object where a value stands, those of list items once."""
    if isinstance(value, dict):
        return [place for key, one in value.items() for place in _places(one, f"{at}.{key}")]
    if isinstance(value, list):
        return [f"{at}[]"]
    return [at]


async def test_refusals_conform(client: httpx.AsyncClient, checker: ExchangeChecker, github: StandInApp) -> None:
    """401, 403 (narrow token, no push access, both limits), 410 and 301 are as GitHub describes them."""
    hello = github.stand_in.world.find("octocat", "hello-world")
    assert hello is not None
    token = github.stand_in.world.tokens["a-token"]
    assert (await client.get("/user", headers={"Authorization": "Bearer wrong"})).status_code == 401
    del client.headers["Authorization"]
    assert (await client.get("/user")).status_code == 401
    assert (await client.post(f"{HELLO}/issues", json={"title": "x"})).status_code == 401
    client.headers["Authorization"] = "token a-token"
    token.limits = {"issues": "read"}
    assert (await client.post(f"{HELLO}/issues/1/comments", json={"body": "x"})).status_code == 403
    token.limits = {}
    hello.roles.clear()
    assert (await client.patch(f"{HELLO}/issues/1", json={"title": "x"})).status_code == 403
    hello.issues[3].deleted = True
    assert (await client.get(f"{HELLO}/issues/3")).status_code == 410
    github.stand_in.world.rename(hello, "octocat/renamed")
    moved = await client.get(f"{HELLO}/issues?per_page=1")
    assert (moved.status_code, moved.headers["location"]) == (
        301,
        f"http://github.test/repositories/{hello.id}/issues?per_page=1",
    )
    for fault in ("rate_limit", "secondary_limit"):
        await client.post("/_stand-in/faults", json={"fault": fault})
        assert (await client.get("/user")).status_code == 403
    assert checker.violations == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{HELLO}/issues", {}),
        ("POST", f"{HELLO}/issues", {"title": "x", "labels": "bug"}),
        ("PATCH", f"{HELLO}/issues/1", {"state": "gone"}),
        ("POST", f"{HELLO}/issues/1/comments", {"text": "x"}),
        ("GET", f"{HELLO}/issues?perpage=3", None),
        ("GET", f"{HELLO}/issues?state=new", None),
        ("GET", "/search/issues", None),
        ("GET", "/no/such/operation", None),
    ],
)
async def test_wrong_requests_are_seen(
    client: httpx.AsyncClient, checker: ExchangeChecker, method: str, path: str, body: Any
) -> None:
    """A request that GitHub's description does not allow is noted, though the reply to it conforms."""
    await client.request(method, path, **({} if body is None else {"json": body}))
    assert len(checker.of("request")) >= 1
    assert checker.of("reply") == []


async def test_wrong_replies_are_seen(client: httpx.AsyncClient, checker: ExchangeChecker) -> None:
    """A reply that lacks what GitHub promises is noted: the judge is not asleep."""
    await client.post("/_stand-in/faults", json={"fault": "status", "status": 200, "body": {"number": "one"}})
    await client.get(f"{HELLO}/issues/1")
    messages = [one.message for one in checker.of("reply")]
    assert any("'title' is a required property" in one for one in messages)


async def test_dropped_connections_are_dropped_through_the_judge(github: StandInApp) -> None:
    """A fault that closes the connection works with the judge in between."""
    async with serving(github) as url, HttpClient(base_url=url, retries=0) as http:
        await http.request("POST", "/_stand-in/faults", json={"fault": "drop_before"})
        with pytest.raises(UpstreamError):
            await http.request("GET", HELLO)


async def test_authentic_issues_can_be_played(
    client: httpx.AsyncClient,
    checker: ExchangeChecker,
    github: StandInApp,
    authentic_issue_payloads: list[dict[str, Any]],
) -> None:
    """Each issue that GitHub's own payloads tell of can be put into the stand-in and is found there."""
    assert len(authentic_issue_payloads) >= 3
    for payload in authentic_issue_payloads:
        await client.post("/_stand-in/reset")
        made = await client.post("/_stand-in/repositories", json=repository_of(payload))
        assert made.status_code == 201, made.text
        issue, name = payload["issue"], payload["repository"]["full_name"]
        reply = await client.get(f"/repos/{name}/issues/{issue['number']}")
        assert (reply.json()["title"], reply.json()["body"]) == (issue["title"], issue["body"])
        assert (await client.get("/search/issues", params={"q": f"repo:{name} is:issue"})).json()["total_count"] == 1
    assert checker.violations == []


async def test_our_payloads_hold_what_authentic_ones_hold(
    client: httpx.AsyncClient, github: StandInApp, authentic_issue_payloads: list[dict[str, Any]]
) -> None:
    """Every field that all of GitHub's own `issues.opened` payloads share is in the stand-in's."""
    github.stand_in.deliveries.hook = Hook("http://127.0.0.1:9/")
    order = {"repository": "octocat/hello-world", "title": "t", "body": "b", "user": "mona", "labels": ["bug"]}
    await client.post("/_stand-in/issues", json=order)
    await github.stand_in.deliveries.settled()
    ours = _places(json.loads(next(iter(github.stand_in.deliveries.log.values())).body))
    shared = set.intersection(*(set(_places(one)) for one in authentic_issue_payloads))
    # Below a null of ours (no assignee, no milestone) nothing is missing.
    assert [place for place in shared if not any(f"{place}.".startswith(f"{one}.") for one in ours)] == []
