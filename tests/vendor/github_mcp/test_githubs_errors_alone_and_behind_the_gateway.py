"""Every error that GitHub's API documents, for reads and writes, REST and GraphQL: the same words alone and behind."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.app import assemble
from mcp_kit.caller import OWNER
from mcp_kit.metrics import Metrics
from service_kit.settings import load
from stand_ins.github.shapes.account import node_id
from stand_ins.kit.faults import Fault, Match
from vendor.github_api.house import TOKEN, House, hello, house
from vendor.github_mcp.conftest import HELLO, Said, said

pytestmark = pytest.mark.bad_input
TIMES = 9
"""A read is asked again where the gateway had no usable reply."""
PULL = {"repository": HELLO, "pull_request": 5}
NEW = {"repository": HELLO, "tag": "v2.4.0", "body": "Notes."}


@dataclass(frozen=True)
class Case:
    """A call of a tool, and which of the requests that it leads to is answered wrongly."""

    tool: str
    arguments: dict[str, Any]
    match: Match


REST = {
    "a read": Case("list_releases", {"repository": HELLO}, Match(path_regex=r"/releases\?")),
    "a write": Case("create_release", NEW, Match(method="POST", path_regex="/releases$")),
}
GRAPHQL = {
    "a query": Case("list_pull_requests", {"repository": HELLO}, Match(path_regex="/graphql")),
    "a mutation": Case(
        "pull_request_review_write",
        {**PULL, "method": "resolve_thread", "threads": ["THREAD"]},
        Match(path_regex="/graphql", body_regex="mutation"),
    ),
}
EVERY = {**REST, **GRAPHQL}


def refused(kind: str) -> Fault:
    """Return an answer of GraphQL's that refuses everything, with the status 200."""
    return Fault(fault="status", status=200, body={"data": None, "errors": [{"type": kind, "message": "No."}]})


ERRORS: dict[str, tuple[Fault, dict[str, Case], str]] = {
    "the primary limit as 403": (
        Fault(fault="rate_limit", status=403, seconds=30),
        EVERY,
        r"rate limit is used up\.\nCall again in (29|30|31) s",
    ),
    "the primary limit as 429": (
        Fault(fault="rate_limit", status=429, seconds=30),
        EVERY,
        r"rate limit is used up\.\nCall again in (29|30|31) s",
    ),
    "the secondary limit, which says how long": (
        Fault(fault="secondary_limit", seconds=7),
        EVERY,
        r"rate limit is used up\.\nCall again in 7 s",
    ),
    "the secondary limit, which does not": (
        Fault(fault="secondary_limit", seconds=0),
        EVERY,
        r"rate limit is used up\.\nCall again in 60 s",
    ),
    "a version that is not supported": (
        Fault(fault="status", status=400, body={"message": "'2022-11-28' is not a supported REST API version"}),
        REST,
        r"\(400\)",
    ),
    "GraphQL's limit": (refused("RATE_LIMITED"), GRAPHQL, r"rate limit is used up\.\nCall again in "),
    "a thing that GraphQL does not know": (refused("NOT_FOUND"), GRAPHQL, r"knows no "),
    "a permission that GraphQL asks for": (refused("FORBIDDEN"), GRAPHQL, r"may not do this with "),
    "a scope that GraphQL asks for": (refused("INSUFFICIENT_SCOPES"), GRAPHQL, r"may not do this with "),
    "more nodes than GraphQL allows": (refused("MAX_NODE_LIMIT_EXCEEDED"), GRAPHQL, r"does not accept this query\."),
    **{
        f"a redirect {status} to another host": (
            Fault(fault="status", status=status, headers={"location": "http://127.0.0.1:1/elsewhere"}),
            REST,
            r"has moved|elsewhere|redirect|It may have been done: look before",
        )
        for status in (301, 302, 307)
    },
}
NAMED = [(error, case) for error, (_, cases, _) in ERRORS.items() for case in cases]


@pytest.fixture
async def api(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """A gateway without Redis, and the stand-in behind it."""
    async with house(tmp_path, database_url) as opened:
        yield opened


async def _say(environ: dict[str, str], case: Case, arguments: dict[str, Any]) -> Said:
    settings = load(GitHubSettings, {**environ, "GITHUB_TOOLSETS": "all"})
    server = build_server(settings)
    assert server.close is not None
    async with Client(assemble(server, settings, Metrics(), unnamed=OWNER, callers=None)) as client:
        answer = said(await client.call_tool_mcp(case.tool, arguments))
    await server.close()
    return answer


@pytest.mark.parametrize(("error", "which"), NAMED)
async def test_an_error_is_told_alone_and_behind_the_gateway(api: House, error: str, which: str) -> None:
    """The cause and the next step are told by both; nothing was done, and no other host is asked."""
    fault, cases, says = ERRORS[error]
    case = cases[which]
    thread = node_id("PRRT", hello(api).issues[5].pull.threads[0].id)
    arguments = {**case.arguments, **({"threads": [thread]} if "threads" in case.arguments else {})}
    before = len(hello(api).releases)
    alone = {"GITHUB_API_URL": api.upstream_url, "GITHUB_TOKEN": TOKEN}
    behind = {"GITHUB_API_URL": api.url, "GITHUB_GATEWAY": "true", "GITHUB_TOKEN": api.services["helper"]}
    for environ in (alone, behind):
        ordered = fault.model_copy(update={"match": case.match, "times": TIMES})
        api.app.controls.gate.faults.append(ordered)
        told = await _say(environ, case, arguments)
        api.app.controls.gate.faults.clear()
        assert ordered.times < TIMES, "the fault did not strike"
        assert told.is_error, told.text
        assert re.search(says, told.text), told.text
        assert "127.0.0.1:1/" not in told.text
        assert len(told.text.splitlines()) >= 2
    assert len(hello(api).releases) == before
    assert not hello(api).issues[5].pull.threads[0].resolved


async def test_a_search_without_is_says_what_github_asks_for(api: House) -> None:
    """Searches name issues or pull requests of themselves; where GitHub refuses one, its words are quoted."""
    alone = {"GITHUB_API_URL": api.upstream_url, "GITHUB_TOKEN": TOKEN}
    case = Case("search_issues", {"repository": HELLO, "query": "crash"}, Match())
    assert not (await _say(alone, case, case.arguments)).is_error
    (asked,) = [one["query"] for one in api.seen if one["path"] == "/search/issues"]
    assert "is%3Aissue" in asked
