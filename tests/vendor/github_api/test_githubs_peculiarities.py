"""GitHub's limits, its silence about what it dropped, and what its replies are of: pure decisions."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_kit import Classified, Pause, Refusal
from github_api.confirm.issues import issue_changed, issue_made, labels_added, labels_set
from github_api.settings import GitHubApiSettings
from github_api.table import table
from github_api.upstream import (
    classify,
    found_files,
    found_repositories,
    github,
    limits,
    pauses,
    repositories_of,
    repositories_within,
    window,
)
from pydantic import SecretStr
from service_kit.errors import ConfigError
from service_kit.http import Reply
from service_kit.json_text import Json
from service_kit.settings import load, variables
from service_kit.vendor_limit_shares import Window

DATE = "Sat, 21 Nov 2026 01:00:00 GMT"
NOW = 1_795_222_800


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (200, {"x-ratelimit-remaining": "12", "x-ratelimit-reset": str(NOW + 9)}, b"", []),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 9)}, b"", [Pause("core", 9)]),
        (
            403,
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 9), "x-ratelimit-resource": "search"},
            b"",
            [Pause("search", 9)],
        ),
        (403, {"retry-after": "30"}, b"", [Pause("*", 30)]),
        (403, {}, b'{"message":"You have exceeded a secondary rate limit"}', [Pause("*", 60, grows=True)]),
        (403, {}, b'{"message":"You have triggered an abuse detection mechanism."}', [Pause("*", 60, grows=True)]),
        (403, {}, b'{"message":"Resource not accessible by integration"}', []),
        (429, {}, b"", [Pause("*", 60, grows=True)]),
        (503, {"retry-after": "30"}, b"", []),
        (429, {"retry-after": "99999999"}, b"", [Pause("*", 3900)]),
        (
            429,
            {"retry-after": "soon", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "x"},
            b"",
            [Pause("*", 60, grows=True)],
        ),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW - 5)}, b"", [Pause("core", 0)]),
        (
            403,
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9", "date": "Mon, 01 Jan 99999999999 00:00:00 GMT"},
            b"",
            [Pause("core", 0)],
        ),
    ],
)
def test_limits_are_read_off_a_reply(status: int, headers: dict[str, str], body: bytes, expected: list[Pause]) -> None:
    """Retry-After first, then the reset by GitHub's own clock, else a minute; a plain 403 pauses nothing."""
    assert pauses(Reply(status, httpx.Headers({"date": DATE, **headers}), body), "core") == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"remaining": "4150", "reset": str(NOW + 900)}, Window("core", 4150, 900)),
        ({"remaining": "9", "reset": str(NOW + 9), "resource": "search"}, Window("search", 9, 9)),
        ({"remaining": "9", "reset": str(NOW - 9)}, Window("core", 9, 0)),
        ({"remaining": "9" * 5000, "reset": str(NOW)}, None),
        ({"remaining": "-1", "reset": str(NOW)}, None),
        ({"remaining": "9"}, None),
        ({}, None),
    ],
)
def test_what_is_left_is_read_off_a_reply(headers: dict[str, str], expected: Window | None) -> None:
    """The figure, and the seconds until the reset by GitHub's own clock; what is no figure says nothing."""
    given = {"date": DATE, **{f"x-ratelimit-{name}": value for name, value in headers.items()}}
    assert window(Reply(200, httpx.Headers(given), b""), "core") == expected


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (403, {"retry-after": "30"}, Classified("limited", 30)),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 9)}, Classified("limited", 9)),
        (429, {}, Classified("limited", 60)),
        (403, {}, Classified("refused")),
        (404, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 9)}, Classified("absent")),
        (200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 9)}, Classified("done")),
    ],
)
def test_a_limit_is_told_from_a_refusal(status: int, headers: dict[str, str], expected: Classified) -> None:
    """GitHub's limits come as 403 too: only what asks for a pause is one."""
    assert classify(Reply(status, httpx.Headers({"date": DATE, **headers}), b"")) == expected


def test_githubs_own_limits_are_kept() -> None:
    """900 points a minute (2,000 of GraphQL), 30 searches, 10 of code, 80 new, 500 an hour; a caller takes half."""
    stretches = {
        "points": (60, 900),
        "graphql_points": (60, 2000),
        "searches": (60, 30),
        "code searches": (60, 10),
        "space": (60, 80),
        "made": (3600, 500),
    }
    searches = {"search": {"searches"}, "code_search": {"code searches"}}
    for route in table().routes:
        found = {limit.name: limit for limit in limits(route)}
        makes = {"space", "made"} if route.writes and not route.idempotent else set()
        points = "graphql_points" if route.tier == "graphql" else "points"
        assert set(found) == {points} | makes | searches.get(route.tier, set()), route.name
        assert found[points].cost == (5 if route.writes else 1)
        for name, limit in found.items():
            seconds, most = stretches[name]
            assert limit.rate.burst + limit.rate.per_second * seconds <= most
            assert limit.each.burst + limit.each.per_second * seconds <= most * 0.6
            assert limit.cost <= limit.each.burst
    assert {route.name for route in table().routes if "made" in {limit.name for limit in limits(route)}} >= {
        "POST /repos/{owner:name}/{repo:name}/issues",
        "POST /repos/{owner:name}/{repo:name}/issues/{number:number}/comments",
        "POST /repos/{owner:name}/{repo:name}/pulls",
        "POST /repos/{owner:name}/{repo:name}/pulls/{number:number}/reviews",
        "PUT /repos/{owner:name}/{repo:name}/contents/{path:file}",
        "POST /repos/{owner:name}/{repo:name}/pulls/{number:number}/comments/{comment:number}/replies",
    }
    settings = GitHubApiSettings.model_construct(github_upstream_token=SecretStr("t"), github_upstream_limited=False)
    assert github(settings).limits(table().routes[0]) == ()


def test_what_was_dropped_is_noticed() -> None:
    """Labels, assignees, state and milestone that are not in the reply; names are compared without case."""
    reply: Any = {
        "labels": [{"name": "Bug"}],
        "assignees": [{"login": "Mona"}],
        "state": "open",
        "milestone": {"number": 3},
    }
    assert issue_changed({"labels": ["bug"], "assignees": ["mona"], "state": "open", "milestone": 3}, reply) is None
    assert issue_changed({"title": "x"}, reply) is None
    assert issue_made({"labels": [{"name": "bug"}]}, reply) is None
    assert issue_made({"labels": []}, reply) is None
    assert issue_changed({"labels": []}, reply) == "labels not asked for and still set: bug"
    assert issue_changed({"labels": ["bug", "z", "a"]}, reply) == "labels asked for and not set: a, z"
    assert issue_changed({"assignees": ["sam"]}, reply) == "assignees asked for and not set: sam"
    assert issue_changed({"state": "closed"}, reply) == "the state is 'open', not 'closed'"
    assert issue_changed({"milestone": None}, reply) == "the milestone is 3, not None"
    assert issue_changed({"milestone": None}, {}) is None
    assert issue_changed({"type": None}, {}) is None
    assert issue_changed({"type": "bug"}, {"type": {"name": "Bug"}}) is None
    assert issue_changed({"type": "Bug"}, {}) == "the type is None, not 'Bug'"
    assert issue_changed({}, []) == "the reply is not an issue"


def test_label_lists_are_compared() -> None:
    """Added labels are there; set ones are all there are; both forms of the body are read."""
    labels: Any = [{"name": "bug"}, {"name": "question"}]
    assert labels_added(["BUG"], labels) is None
    assert labels_added({"labels": ["bug", "wontfix"]}, labels) == "labels asked for and not set: wontfix"
    assert labels_set({"labels": ["bug"]}, labels) == "labels not asked for and still set: question"
    assert labels_set(["question", "bug"], labels) is None
    assert labels_set({}, labels) == "labels not asked for and still set: bug, question"


def test_a_reply_says_whose_it_is() -> None:
    """By the API's address, of github.com or an Enterprise's; anything else is nobody's."""
    assert repositories_of({"url": "https://api.github.com/repos/octocat/hello-world"}) == ["octocat/hello-world"]
    assert repositories_of({"url": "https://ghe.example/api/v3/repos/o/r/issues/1?x"}) == ["o/r"]
    assert repositories_of([{"repository_url": "https://h/repos/o/r", "url": "https://h/repos/evil/x"}, {}]) == [
        "o/r",
        "",
    ]
    assert repositories_of([{"name": "main", "commit": {"url": "https://h/repos/o/r/commits/1"}}]) == ["o/r"]
    assert repositories_of([{"name": "main", "commit": None}]) == [""]
    assert found_files(
        {"items": [{"url": "https://h/repositories/1", "repository": {"url": "https://h/repos/o/r"}}]}
    ) == ["o/r"]
    assert found_files({"items": [{"repository": None}]}) == found_files([]) == [""]
    assert repositories_of([]) == repositories_of({}) == []
    assert repositories_within([{"a": ["https://h/repos/o/r/x", {"b": "https://h/repos/o/s"}], "c": "see it"}]) == [
        "o/r",
        "o/s",
    ]
    for url in ("https://h/users/o", "https://h/x/repos/o/r", "/repos/o/r", "https://h/repos/o", 7):
        assert repositories_of({"url": url}) == [""]
    assert found_repositories({"items": []}) == []
    assert found_repositories({"message": "?"}) == [""]


NAMELESS = (
    *("/timing", "/annotations", "/merge", "/update-branch", "/releases/generate-notes"),
    *("/issue-types", "/reactions", "/reactions/{reaction:number}", "/collaborators/{user:name}"),
    "/reviews/{review:number}",
    "/notifications",
)
"""Ends of paths whose replies name no repository at all: the path alone does."""
FOREIGN: list[Json] = [{"url": "https://h/repos/o/other"}, {"message": "?"}, [{"url": "https://h/repos/o/other/x"}]]


def test_every_route_names_its_repository() -> None:
    """Each path with a repository in it checks that one, and says in its replies whose they are."""
    routes = {route.name: route for route in table().routes if route.tier != "graphql"}
    free = {name for name, route in routes.items() if not route.resources}
    searches = {f"GET /search/{things}" for things in ("code", "issues", "repositories", "users")}
    public = {"GET /advisories", "GET /advisories/{advisory}"}
    own = {"GET /notifications", "GET /notifications/threads/{thread:number}", "GET /gists", "GET /gists/{gist:name}"}
    assert free == searches | public | own | {"GET /rate_limit", "GET /user", "GET /user/teams"}
    for name in routes.keys() - free:
        if not routes[name].path.startswith(("/repos/", "/orgs/")):
            assert all(one.where == "lookup" or one.name in ("*/*", "{owner}") for one in routes[name].resources), name
            continue
        resource = routes[name].resources[0]
        scope = "{org}/*" if "/orgs/" in name else "{owner}/{repo}"
        assert (resource.kind, resource.where, resource.name) == ("repositories", "path", scope), name
        names = routes[name].reply_resources
        if "/orgs/" in name or names is repositories_within:
            continue
        assert names is not None or name.endswith(NAMELESS), name
        if names is not None:
            assert all("o/r" not in names(foreign) and names(foreign) for foreign in FOREIGN), name


def test_the_table_is_closed() -> None:
    """What no tool needs is not in the table, though GitHub has it."""
    for path in (
        "/repositories/1/issues", "/user/emails", "/user/repos", "/graphql", "/orgs/octocat", "/search/commits",
        "/repos/o/r/issues/1/lock", "/repos/o/r/issues;x=1", "/repos/o/r/collaborators", "/repos/o/r/actions/secrets",
    ):  # fmt: skip
        with pytest.raises(Refusal) as refused:
            table().match("GET", path.encode())
        assert refused.value.reason == "unknown_route", path


def test_what_opens_github_is_one_variable() -> None:
    """The token is of all tenants or in a file, and what GitHub is told beside it is ours."""
    stores = {"ACCESS_FILE": "a", "AGENT_JWKS_FILE": "b", "DATABASE_URL": "c"}
    vendor = github(load(GitHubApiSettings, stores | {"GITHUB_UPSTREAM_TOKEN": "t0ken"}))
    assert vendor.credential("default").headers == {"authorization": "Bearer t0ken"}
    assert vendor.headers == {"user-agent": "agent-bot-github-api", "x-github-api-version": "2022-11-28"}
    with pytest.raises(ConfigError, match="GITHUB_UPSTREAM_TOKENS_FILE"):
        github(load(GitHubApiSettings, stores))


def test_the_page_names_every_setting_and_route() -> None:
    """The package's page has each variable, and each path and tool of the table."""
    page = Path(__file__).parents[3].joinpath("api-services/github/README.md").read_text()
    for name, setting in GitHubApiSettings.model_fields.items():
        assert all(f"`{variable}`" in page for variable in variables(name, setting)), name
    for route in table().routes:
        tail = re.sub(r":[a-z]+\}", "}", route.path).rstrip("/").rpartition("/{repo}")[2]
        assert tail in page, route.name
        assert all(f"`{tool}`" in page for tool in route.tools), route.name
