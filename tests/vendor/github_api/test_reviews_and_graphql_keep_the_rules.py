"""GraphQL passes as named operations within the grant; reviews are effects, and an approval is dangerous."""

import json
from functools import partial
from typing import Any

import agent_effects
import asyncpg
import pytest
from agent_contracts import Grant, Mode
from fixtures.gateway import effects, running_task
from stand_ins.github.shapes.account import node_id
from vendor.github_api.house import House, hello
from vendor.github_api.test_writes_are_effects import STATE

GRANT = Grant(
    tools=["pull_request_read", "pull_request_review_write", "add_reply_to_pull_request_comment"],
    resources={"repositories": ["octocat/hello-world"]},
    mode="write",
)
OURS = {"owner": "octocat", "name": "hello-world"}
THEIRS = {"owner": "octocat", "name": "secret-plans"}
REVIEWS = "/repos/octocat/hello-world/pulls/5/reviews"
TOOL = "pull_request_review_write"


async def asker(api: House, pool: asyncpg.Pool) -> Any:
    """Return a function that asks for a running task."""
    task, attempt = await running_task(pool)
    return partial(api.ask, token=api.token(GRANT, task=task, attempt=attempt))


def reason(reply: Any) -> str | None:
    """Return why the gateway refused."""
    found: str | None = reply.headers.get("x-agent-gateway-error")
    return found


@pytest.mark.parametrize(
    ("operation", "variables", "refused"),
    [
        ("PullRequests", {**OURS, "first": 5}, None),
        ("PullRequests", {**THEIRS, "first": 5}, "resource"),
        ("PullRequest", {**OURS, "number": 5, "first": 5}, None),
        ("PullRequest", {**OURS, "number": 5, "first": 5, "full": True}, None),
        ("PullRequest", {**THEIRS, "number": 1, "first": 5}, "resource"),
        ("ReviewThreads", {**OURS, "number": 5, "first": 5}, None),
        ("Blame", {**OURS, "ref": "main", "path": "hello/greet.py"}, None),
        ("Blame", {**THEIRS, "ref": "main", "path": "plans.md"}, "resource"),
        ("FoundPullRequests", {"query": "is:pr author:kim-example", "first": 5}, None),
        ("FoundPullRequests", {"query": "is:pr repo:octocat/secret-plans", "first": 5}, "resource"),
        ("FoundPullRequests", {"query": "is:pr user:octocat", "first": 5}, "resource"),
        ("FoundPullRequests", {"query": "is:pr org:octocat", "first": 5}, "search_scope"),
        ("PullRequests", {**OURS, "first": 5, "query": "{viewer{login}}"}, "body"),
        ("Viewer", {}, "unknown_route"),
    ],
)
async def test_operations_stay_in_the_grant(
    api: House, pool: asyncpg.Pool, operation: str, variables: dict[str, Any], refused: str | None
) -> None:
    """An operation is asked for by name, with its own variables, for repositories of the grant alone."""
    reply = await (await asker(api, pool))("POST", f"/graphql/{operation}", tool="pull_request_read", body=variables)
    assert (reason(reply), reply.status_code == 200) == (refused, refused is None)
    if refused is None:
        assert "errors" not in reply.json()


async def test_a_moved_repository_is_not_read_by_its_old_name(api: House, pool: asyncpg.Pool) -> None:
    """GraphQL follows a rename without a word; the reply names the present repository, which is not of the grant."""
    ask = await asker(api, pool)
    api.app.stand_in.world.rename(hello(api), "octocat/elsewhere")
    reply = await ask("POST", "/graphql/PullRequests", tool="pull_request_read", body={**OURS, "first": 5})
    assert reason(reply) == "reply_foreign"


async def test_a_thread_is_looked_up_before_it_is_settled(api: House, pool: asyncpg.Pool) -> None:
    """A thread of another pull request than the path names is refused unsent; one of it is settled as an effect."""
    ask = await asker(api, pool)
    world = api.app.stand_in.world
    thread = hello(api).issues[5].pull.threads[0]
    settle = partial(ask, "POST", "/graphql/ResolveThread/octocat/hello-world/5", tool=TOOL)
    assert reason(await settle(body={"thread": "PRRT_nothing"})) == "resource"
    for elsewhere in ("octocat/hello-world/6", "octocat/secret-plans/5"):
        path = f"/graphql/ResolveThread/{elsewhere}"
        assert reason(await ask("POST", path, tool=TOOL, body={"thread": node_id("PRRT", thread.id)})) == "resource"
    assert not thread.resolved
    done = await settle(body={"thread": node_id("PRRT", thread.id)})
    assert (done.status_code, done.headers[STATE], thread.resolved) == (200, "done", True)
    plans = world.named("octocat/secret-plans")
    plans.issues[1].pull, thread.resolved = hello(api).issues[5].pull, False
    del hello(api).issues[5]
    assert reason(await settle(body={"thread": node_id("PRRT", thread.id)})) == "resource"
    assert not thread.resolved


async def test_a_lost_review_is_found_by_its_mark(api: House, pool: asyncpg.Pool) -> None:
    """A review whose reply is lost happens once: it is found among the reviews, which GitHub lists oldest first."""
    ask = await asker(api, pool)
    api.fault("apply_then_drop")
    reply = await ask("POST", REVIEWS, tool=TOOL, body={"event": "COMMENT", "body": "Looks good."})
    assert (reply.status_code, reply.headers[STATE]) == (200, "done"), reply.text
    assert len([one for one in hello(api).issues[5].pull.reviews if "Looks good." in one.body]) == 1
    again = await ask("POST", REVIEWS, tool=TOOL, body={"event": "COMMENT", "body": "Looks good."})
    assert json.loads(again.content)["id"] == reply.json()["id"]
    assert len(await effects(pool)) == 1


COMMENT = {"path": "hello/settings.py", "line": 8, "side": "RIGHT", "body": "Why? @mona-example"}


@pytest.mark.parametrize("fault", [None, "apply_then_drop"])
async def test_a_comment_joins_a_pending_review_once(api: House, pool: asyncpg.Pool, fault: str | None) -> None:
    """The gateway reads the review's node id; a comment whose reply is lost is found in the review by its mark."""
    ask = await asker(api, pool)
    review = (await ask("POST", REVIEWS, tool=TOOL, body={"body": "Wait."})).json()["id"]
    threads = hello(api).issues[5].pull.threads
    before = len(threads)
    if fault:
        api.fault(fault, method="POST")
    path = f"{REVIEWS}/{review}/graphql/AddReviewThread"
    reply = await ask("POST", path, tool=TOOL, body=COMMENT)
    assert (reply.status_code, reply.headers[STATE]) == (200, "done"), reply.text
    (thread,) = threads[before:]
    assert (thread.path, thread.comments[0].review_id) == (COMMENT["path"], review)
    assert "@mona-example" not in thread.comments[0].body
    assert reply.json()["data"]["addPullRequestReviewThread"]["thread"]["path"] == COMMENT["path"]
    (row,) = [one for one in await effects(pool) if "AddReviewThread" in one["route"]]
    assert row["target"] == "octocat/hello-world#5"


async def test_a_comment_outside_the_diff_has_failed(api: House, pool: asyncpg.Pool) -> None:
    """GitHub answers null for the thread, with the status 200: the row says that nothing was written."""
    ask = await asker(api, pool)
    review = (await ask("POST", REVIEWS, tool=TOOL, body={"body": "Wait."})).json()["id"]
    path = f"{REVIEWS}/{review}/graphql/AddReviewThread"
    reply = await ask("POST", path, tool=TOOL, body=COMMENT | {"line": 900})
    assert reply.headers[STATE] == "failed"
    elsewhere = path.replace("hello-world", "secret-plans")
    assert reason(await ask("POST", elsewhere, tool=TOOL, body=COMMENT)) == "resource"


@pytest.mark.parametrize("fault", [None, "apply_then_drop"])
async def test_a_draft_becomes_ready_and_a_draft_again(api: House, pool: asyncpg.Pool, fault: str | None) -> None:
    """A state is set by a named operation of the pull request's path; after a lost reply it is found."""
    task, attempt = await running_task(pool)
    grant = GRANT.model_copy(update={"tools": ["update_pull_request"]})
    ask = partial(api.ask, "POST", token=api.token(grant, task=task, attempt=attempt), tool="update_pull_request")
    pull = hello(api).issues[5].pull
    for name, draft in (("ConvertToDraft", True), ("ReadyForReview", False)):
        if fault:
            api.fault(fault, method="POST")
        reply = await ask(f"/repos/octocat/hello-world/pulls/5/graphql/{name}")
        assert (reply.status_code, reply.headers[STATE], pull.draft) == (200, "done", draft), reply.text
    assert {one["target"] for one in await effects(pool)} == {"octocat/hello-world#5"}


async def test_who_approves_a_draft_reads_what_it_is_now(api: House, pool: asyncpg.Pool) -> None:
    """A proposal shows the pull request's title, and whether it is a draft."""
    task, attempt = await running_task(pool)
    grant = GRANT.model_copy(update={"tools": ["update_pull_request"], "mode": Mode.propose})
    token = api.token(grant, task=task, attempt=attempt)
    path = "/repos/octocat/hello-world/pulls/5/graphql/ConvertToDraft"
    assert (await api.ask("POST", path, token=token, tool="update_pull_request")).status_code == 202
    (waiting,) = await agent_effects.proposals(pool)
    assert "draft now:\n  false" in waiting.shown
    assert hello(api).issues[5].title in waiting.shown


@pytest.mark.parametrize("event", ["APPROVE", "approve", "Approve ", "DISMISS"])
async def test_an_approval_of_a_task_is_a_proposal(api: House, pool: asyncpg.Pool, event: str) -> None:
    """A task's approval waits for a person, however it is spelled, as does any word that is no other verdict."""
    ask = await asker(api, pool)
    reply = await ask("POST", REVIEWS, tool=TOOL, body={"event": event})
    assert (reply.status_code, reply.headers[STATE]) == (202, "proposed")
    assert all(one.state != "APPROVED" for one in hello(api).issues[5].pull.reviews)


async def test_text_on_lines_is_filtered(api: House, pool: asyncpg.Pool) -> None:
    """Mentions are broken and secrets refused in comments on lines as in the review's own text."""
    ask = await asker(api, pool)
    line = {"path": "hello/settings.py", "line": 8, "side": "RIGHT"}
    told = {"event": "COMMENT", "body": "x", "comments": [{**line, "body": "@mona-example look"}]}
    assert (await ask("POST", REVIEWS, tool=TOOL, body=told)).status_code == 200
    assert "@mona-example" not in hello(api).issues[5].pull.threads[-1].comments[0].body
    told["comments"] = [{**line, "body": "ghp_" + "a" * 36}]
    assert reason(await ask("POST", REVIEWS, tool=TOOL, body=told)) == "secret"
