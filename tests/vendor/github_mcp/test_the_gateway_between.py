"""github-mcp in front of the real gateway: what GitHub and the gateway tell reaches a client, and lockdown holds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.app import assemble
from mcp_kit.call import KEY
from mcp_kit.caller import OWNER
from mcp_kit.gateway import WRITTEN_BEFORE
from mcp_kit.metrics import Metrics
from mcp_kit.reply_meta import CACHE, LIMITS
from service_kit.settings import load
from stand_ins.github.discussions import Category, Discussion
from stand_ins.github.seed_personal import OWN
from stand_ins.github.shapes.account import node_id
from vendor.github_api.house import House, hello, house
from vendor.github_mcp.conftest import HELLO, said

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ISSUE = {"repository": HELLO, "issue": 1}


@pytest.fixture
async def api(tmp_path: Path, database_url: str) -> AsyncIterator[House]:
    """A gateway without Redis."""
    async with house(tmp_path, database_url) as opened:
        yield opened


@pytest.fixture
async def client(api: House) -> AsyncIterator["Client[Any]"]:
    """The server behind it, in lockdown."""
    async with serve(api, "reader", GITHUB_LOCKDOWN_MODE="true") as opened:
        yield opened


@pytest.fixture
async def writer(api: House) -> AsyncIterator["Client[Any]"]:
    """The server behind it, for a service that may write."""
    async with serve(api, "helper") as opened:
        yield opened


@asynccontextmanager
async def serve(api: House, service: str, **more: str) -> AsyncIterator["Client[Any]"]:
    """Serve for one of the gateway's services."""
    environ = {"GITHUB_API_URL": api.url, "GITHUB_GATEWAY": "true", "GITHUB_TOKEN": api.services[service]}
    settings = load(GitHubSettings, {**environ, **more})
    server = build_server(settings)
    async with Client(assemble(server, settings, Metrics(), unnamed=OWNER, callers=None)) as opened:
        yield opened
    assert server.close is not None
    await server.close()


async def test_the_gateways_cache_is_told(client: "Client[Any]") -> None:
    """A reply that the gateway kept is counted, and what is left of GitHub's limits passes the gateway."""
    first, again = [await client.call_tool_mcp("issue_read", ISSUE) for _ in range(2)]
    assert first.meta is not None
    assert again.meta is not None
    assert {one["bucket"] for one in first.meta[LIMITS]} == {"graphql", "core"}
    assert CACHE not in first.meta
    assert again.meta[CACHE] == {"replies": 1, "from_cache": 1}


async def test_lockdown_asks_the_gateway(api: House, client: "Client[Any]") -> None:
    """Whether a repository is private is asked through the gateway: its own operation is open to every tool."""
    hello(api).issues[1].body = "ZEBRA"
    assert "ZEBRA" not in said(await client.call_tool_mcp("issue_read", ISSUE)).text


async def test_a_comment_on_a_discussion_reaches_it_through_the_gateway(api: House) -> None:
    """The server names the discussion, and the gateway finds its id; what is not there is told as that."""
    world, repository = api.app.stand_in.world, hello(api)
    category, asker = Category(world.next_id(), "Ideas"), world.user("lin-example")
    found = Discussion(world.next_id(), 12, "Why?", "Because.", asker, category, NOW, NOW)
    repository.discussion_categories, repository.discussions[12] = [category], found
    environ = {"GITHUB_API_URL": api.url, "GITHUB_GATEWAY": "true", "GITHUB_TOKEN": api.services["helper"]}
    settings = load(GitHubSettings, {**environ, "GITHUB_TOOLSETS": "discussions"})
    server = build_server(settings)
    arguments = {"repository": HELLO, "discussion": 12, "method": "add", "body": "Seen."}
    async with Client(assemble(server, settings, Metrics(), unnamed=OWNER, callers=None)) as opened:
        answer = said(await opened.call_tool_mcp("discussion_comment_write", arguments))
        absent = said(await opened.call_tool_mcp("discussion_comment_write", {**arguments, "discussion": 13}))
    assert server.close is not None
    await server.close()
    assert f"was added to discussion {HELLO}#12: https://github.com/{HELLO}/discussions/12#" in answer.text
    assert len(found.comments) == 1
    assert "is not there, or belongs to none of the repositories of the grant" in absent.text


async def test_the_gateway_finds_the_ids_that_graphql_writes_by(api: House, writer: "Client[Any]") -> None:
    """A draft state, and a comment in a pending review, are written by names alone: the gateway reads the node ids."""
    about, pull = {"repository": HELLO, "pull_request": 5}, hello(api).issues[5].pull
    line = {"path": "hello/settings.py", "line": 8, "body": "Why?"}
    for tool, asked in (
        ("update_pull_request", {"draft": True}),
        ("pull_request_review_write", {"method": "create", "body": "Wait."}),
        ("pull_request_review_write", {"method": "add_to_pending", "comments": [line]}),
    ):
        told = said(await writer.call_tool_mcp(tool, {**about, **asked}))
        assert not told.is_error, told.text
    assert pull.draft
    assert pull.threads[-1].comments[0].review_id == pull.reviews[-1].id


async def test_what_is_an_accounts_own_is_held_by_the_gateway(api: House) -> None:
    """Notifications of other repositories are counted, and gists are written for a service that names their owner."""
    async with serve(api, "keeper", GITHUB_TOOLSETS="notifications,gists") as opened:
        told = said(await opened.call_tool_mcp("list_notifications", {}))
        assert "The gateway left out 1 rows" in told.text
        assert "countdown" not in told.text
        first = api.app.stand_in.world.notifications[0]
        done = await opened.call_tool_mcp("dismiss_notification", {"state": "done", "thread": first.id})
        assert f"Notification {first.id} is done" in said(done).text
        api.app.stand_in.world.gists[OWN].public = True
        changed = said(await opened.call_tool_mcp("update_gist", {"gist": OWN, "description": "For all"}))
        assert changed.text.startswith("The public gist was updated: http"), changed.text
        made = said(await opened.call_tool_mcp("create_gist", {"filename": "a.md", "content": "b", "description": "c"}))
        assert 'secret "c" by agent-bot' in made.text
    async with serve(api, "helper", GITHUB_TOOLSETS="gists") as opened:
        refused = said(await opened.call_tool_mcp("create_gist", {"filename": "a.md", "content": "b"}))
        assert "none of the gists of the grant" in refused.text


async def test_a_callers_own_key_makes_a_repeat_one_write(api: House, writer: "Client[Any]") -> None:
    """Who calls again with the same key learns what came of it then; another key is another comment."""
    comment = {**ISSUE, "body": "Seen."}
    for key in ("first", "first", "second"):
        meta = {KEY: key}
        answer = said(await writer.call_tool_mcp("add_issue_comment", comment, meta=meta))
        assert not answer.is_error, answer.text
    assert len([one for one in hello(api).issues[1].comments if one.body.startswith("Seen.")]) == 2
    odd = said(await writer.call_tool_mcp("add_issue_comment", comment, meta={KEY: "two words"}))
    assert (odd.is_error, "visible characters; nothing was sent" in odd.text) == (True, True)


LINES = [{"path": "hello/settings.py", "line": line, "body": f"Line {line}?"} for line in (7, 8)]
SEVERAL: list[tuple[str, dict[str, Any]]] = [
    ("update_pull_request", {"pull_request": 5, "title": "Now", "draft": True, "reviewers": ["kim-example"]}),
    (
        "issue_write",
        {"issue": 4, "method": "update", "title": "Now", "add_labels": ["bug"], "remove_labels": ["question"]},
    ),
    ("pull_request_review_write", {"pull_request": 5, "method": "add_to_pending", "comments": LINES}),
    ("push_files", {"branch": "topic", "message": "m", "files": [{"path": "a.md", "content": "a"}]}),
    ("create_or_update_file", {"branch": "topic", "message": "m", "path": "a.md", "content": "a"}),
]
"""Calls that write several things, or read before they write."""
REPEATED = ("update_pull_request", "issue_write", "pull_request_review_write")
"""Those whose repeat is answered by what came of it; the others find nothing to write."""


@pytest.mark.parametrize(("tool", "arguments"), SEVERAL, ids=[tool for tool, _ in SEVERAL])
async def test_a_repeat_under_its_own_key_succeeds_and_writes_nothing(
    api: House, writer: "Client[Any]", tool: str, arguments: dict[str, Any]
) -> None:
    """Each write of a call keeps its key in a repeat, whichever of them are then left out as done."""
    about = {"repository": HELLO}
    await writer.call_tool_mcp("create_branch", {**about, "branch": "topic"})
    pending = {"pull_request": 5, "method": "create", "body": "Wait."}
    await writer.call_tool_mcp("pull_request_review_write", {**about, **pending})
    written = []
    for _ in range(2):
        answer = said(await writer.call_tool_mcp(tool, {**about, **arguments}, meta={KEY: "own"}))
        assert not answer.is_error, answer.text
        written.append(_is_now(api))
    assert written[0] == written[1]
    assert answer.text.count(WRITTEN_BEFORE) == (tool in REPEATED)


def _is_now(api: House) -> tuple[Any, ...]:
    """Give how many times was written what these calls write."""
    world = hello(api)
    counted = [len(world.history.commits), sum(len(one.comments) for one in world.issues[5].pull.threads)]
    return (*counted, *(issue.updated_at for issue in world.issues.values()))


async def test_a_thread_of_another_pull_request_is_not_settled_through_the_gateway(
    api: House, writer: "Client[Any]"
) -> None:
    """The gateway finds whose a thread is: one of another pull request than the call names is refused unsent."""
    thread = hello(api).issues[5].pull.threads[0]
    asked = {"repository": HELLO, "method": "resolve_thread", "threads": [node_id("PRRT", thread.id)]}
    other = said(await writer.call_tool_mcp("pull_request_review_write", {**asked, "pull_request": 6}))
    assert (other.is_error, thread.resolved) == (True, False), other.text
    assert f"{HELLO}#6 thread {asked['threads'][0]}' is not there, or belongs to none" in other.text
    named = said(await writer.call_tool_mcp("pull_request_review_write", {**asked, "pull_request": 5}))
    assert (named.is_error, thread.resolved) == (False, True), named.text


async def test_several_pushes_pass_one_after_another(tmp_path: Path, database_url: str) -> None:
    """A tool of several requests is not ended in its middle by the gateway's limit of a second."""
    asked = {"repository": HELLO, "branch": "main", "message": "Push"}
    async with (
        house(tmp_path, database_url, rate_per_second=5, rate_burst=5) as api,
        serve(api, "helper") as writer,
    ):
        for number in range(2):
            files = [{"path": f"pushed/{number}.txt", "content": f"{number}\n"}]
            pushed = said(await writer.call_tool_mcp("push_files", {**asked, "files": files}))
            assert not pushed.is_error, pushed.text
