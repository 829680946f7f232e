"""Writes of files, branches and pull requests: their rows, how a lost one is found, what approvers are shown."""

import base64
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import agent_effects
import asyncpg
import httpx
import pytest
from agent_contracts import Grant, Mode
from fixtures.gateway import effects, running_task
from vendor.github_api.house import HELLO, REPOSITORY, House, hello

STATE = "x-agent-effect-state"
TOOLS = [
    *("create_branch", "create_or_update_file", "push_files", "delete_file", "create_pull_request"),
    *("update_pull_request", "update_pull_request_branch", "merge_pull_request"),
]
GRANT = Grant(tools=TOOLS, resources={"repositories": [REPOSITORY]}, mode="write")
FILE = f"{HELLO}/contents/docs/new.md"
Write = Callable[..., Coroutine[Any, Any, httpx.Response]]


async def writer(api: House, pool: asyncpg.Pool, mode: Mode = Mode.write) -> Write:
    """Return a function that writes for a running task."""
    task, attempt = await running_task(pool)
    return partial(api.ask, token=api.token(GRANT.model_copy(update={"mode": mode}), task=task, attempt=attempt))


def text(content: str, branch: str = "topic") -> dict[str, str]:
    """Return the body of a write of a file."""
    return {"message": "Write it", "content": base64.b64encode(content.encode()).decode(), "branch": branch}


def tree(**changes: Any) -> dict[str, Any]:
    """Return the body of a tree with one file over those that are there, or with that entry changed."""
    entry = {"path": "a.txt", "mode": "100644", "type": "blob", "content": "x"} | changes
    if "sha" in changes:
        del entry["content"]
    return {"base_tree": "1" * 40, "tree": [entry]}


def branch(api: House, name: str = "topic") -> dict[str, str]:
    """Return the body that makes a branch."""
    return {"ref": f"refs/heads/{name}", "sha": hello(api).head_sha}


async def pushed(api: House, write: Write, content: str) -> str:
    """Make a tree and a commit on top of the default branch; return the commit's id."""
    repository = hello(api)
    head = repository.history.commits[repository.head_sha]
    entry = {"path": "a.txt", "mode": "100644", "type": "blob", "content": content}
    body: dict[str, Any] = {"base_tree": head.tree_sha, "tree": [entry]}
    tree = await write("POST", f"{HELLO}/git/trees", tool="push_files", body=body)
    assert tree.status_code == 201, tree.text
    body = {"message": "Push it", "tree": tree.json()["sha"], "parents": [head.sha]}
    commit = await write("POST", f"{HELLO}/git/commits", tool="push_files", body=body)
    assert commit.status_code == 201, commit.text
    return str(commit.json()["sha"])


async def test_each_write_names_what_it_is_about(api: House, pool: asyncpg.Pool) -> None:
    """A file by its path, a branch by its name, a pull request by its number; a tree and a commit make no row."""
    write = await writer(api, pool)
    sha = await pushed(api, write, "x\n")
    for method, path, body, tool in (
        ("POST", f"{HELLO}/git/refs", branch(api), "create_branch"),
        ("PUT", FILE, text("One\n"), "create_or_update_file"),
        ("PATCH", f"{HELLO}/git/refs/heads%2Fmain", {"sha": sha}, "push_files"),
        ("POST", f"{HELLO}/pulls", {"title": "T", "head": "topic", "base": "main"}, "create_pull_request"),
        ("PATCH", f"{HELLO}/pulls/5", {"title": "New"}, "update_pull_request"),
        ("POST", f"{HELLO}/pulls/5/requested_reviewers", {"reviewers": ["octocat"]}, "update_pull_request"),
        ("DELETE", f"{HELLO}/pulls/5/requested_reviewers", {"reviewers": ["octocat"]}, "update_pull_request"),
        ("PUT", f"{HELLO}/pulls/5/update-branch", {}, "update_pull_request_branch"),
    ):
        reply = await write(method, path, tool=tool, body=body)
        assert (reply.is_success, reply.headers.get(STATE)) == (True, "done"), (path, reply.text)
    rows = await effects(pool)
    assert [row["target"] for row in rows] == [
        f"{REPOSITORY}@topic", f"{REPOSITORY}:docs/new.md", f"{REPOSITORY}@main", REPOSITORY, *[f"{REPOSITORY}#5"] * 4,
    ]  # fmt: skip
    assert hello(api).head_sha == sha
    assert "/commit/" in rows[1]["url"]


@pytest.mark.parametrize(
    ("method", "path", "body", "tool", "status"),
    [
        ("POST", "git/refs", {"ref": "refs/heads/fix", "sha": "SHA"}, "create_branch", 201),
        ("PUT", "contents/docs/new.md", text("One\n", "main"), "create_or_update_file", 200),
        ("PATCH", "git/refs/heads%2Fmain", {"sha": "SHA"}, "push_files", 200),
        ("POST", "pulls", {"title": "T", "head": "topic", "base": "main"}, "create_pull_request", 201),
        ("PATCH", "pulls/5", {"title": "New"}, "update_pull_request", 200),
        ("POST", "pulls/5/requested_reviewers", {"reviewers": ["octocat"]}, "update_pull_request", 201),
        ("PUT", "pulls/5/update-branch", {}, "update_pull_request_branch", 202),
    ],
)
async def test_a_lost_write_of_code_is_found_by_its_state(
    api: House, pool: asyncpg.Pool, method: str, path: str, body: dict[str, Any], tool: str, status: int
) -> None:
    """A branch, a file, a push, a pull request and a change of one: each is there once, though its reply was lost."""
    write = await writer(api, pool)
    sha = await pushed(api, write, "x\n")
    await write("POST", f"{HELLO}/git/refs", tool="create_branch", body=branch(api))
    for where in ("topic", "main") if path != "git/refs/heads%2Fmain" else ("topic",):
        await write("PUT", f"{HELLO}/contents/b.txt", tool="create_or_update_file", body=text(f"{where}\n", where))
    asked = {**body, "sha": sha} if body.get("sha") == "SHA" else body
    before = [entry["method"] for entry in api.seen].count(method)
    api.fault("apply_then_drop", method=method)
    reply = await write(method, f"{HELLO}/{path}", tool=tool, body=asked)
    assert (reply.status_code, reply.headers.get(STATE)) == (status, "done"), reply.text
    assert [entry["method"] for entry in api.seen].count(method) == before + 1


async def test_a_lost_push_is_found_where_others_went_on(api: House, pool: asyncpg.Pool) -> None:
    """A commit of ours below the branch's head was pushed; one that is not below it was not."""
    write = await writer(api, pool)
    sha, repository = await pushed(api, write, "x\n"), hello(api)
    move = partial(write, "PATCH", f"{HELLO}/git/refs/heads%2Fmain", tool="push_files", body={"sha": sha})
    api.fault("drop_before", method="PATCH")
    assert (await move()).headers[STATE] == "unknown"
    await write("PUT", f"{HELLO}/contents/b.txt", tool="create_or_update_file", body=text("b", "main"))
    assert not repository.history.has(repository.head_sha, sha)
    refused = await move()
    assert (refused.status_code, refused.headers[STATE]) == (422, "failed")


async def test_what_never_arrived_is_not_done(api: House, pool: asyncpg.Pool) -> None:
    """A file whose write was lost before it came is not taken for written; the same request may be sent again."""
    write = await writer(api, pool)
    await write("POST", f"{HELLO}/git/refs", tool="create_branch", body=branch(api))
    put = partial(write, "PUT", FILE, tool="create_or_update_file", body=text("One\n"))
    api.fault("drop_before", method="PUT")
    assert (await put()).headers[STATE] == "unknown"
    again = await put()
    assert (again.status_code, again.json()["reason"]) == (409, "effect_unknown")
    assert "docs/new.md" not in hello(api).history.commits[hello(api).history.branches["topic"]].files


async def test_merges_and_deletions_wait_for_approval(api: House, pool: asyncpg.Pool) -> None:
    """What may do harm is stored for a task, with what it would change; for a service that may write it is done."""
    write, repository = await writer(api, pool), hello(api)
    blob = (await api.ask("GET", f"{HELLO}/contents/hello/greet.py", service="helper")).json()["sha"]
    merge = ("PUT", f"{HELLO}/pulls/5/merge", {"sha": repository.issues[5].pull.head_sha})
    delete = ("DELETE", f"{HELLO}/contents/hello/greet.py", {"message": "m", "sha": blob})
    for (method, path, body), tool in ((merge, "merge_pull_request"), (delete, "delete_file")):
        reply = await write(method, path, tool=tool, body=body)
        assert (reply.status_code, reply.headers[STATE]) == (202, "proposed"), reply.text
    shown = {found.route.split()[0]: found.shown for found in await agent_effects.proposals(pool)}
    assert "title now: Find the settings folder without HOME" in shown["PUT"]
    assert "-def greet(name: str, language: str) -> str:" in shown["DELETE"]
    assert repository.issues[5].state == "open"
    for method, path, body in (merge, delete):
        api.fault("apply_then_drop", method=method)
        done = await api.ask(method, path, service="helper", body=body)
        assert (done.status_code, done.headers[STATE]) == (200, "done"), done.text
    assert repository.issues[5].pull.merged_at is not None
    assert "hello/greet.py" not in repository.files


async def test_a_proposed_push_shows_its_lines(api: House, pool: asyncpg.Pool) -> None:
    """The tree and the commit are made, which nobody sees; the branch waits for whoever reads the changed lines."""
    propose, head = await writer(api, pool, Mode.propose), hello(api).head_sha
    sha = await pushed(api, propose, "the new line\n")
    reply = await propose("PATCH", f"{HELLO}/git/refs/heads%2Fmain", tool="push_files", body={"sha": sha})
    assert reply.headers[STATE] == "proposed"
    (found,) = await agent_effects.proposals(pool)
    assert "+the new line" in found.shown
    assert "Push it" in found.shown
    assert "added a.txt" in found.shown
    assert hello(api).head_sha == head


async def test_a_reader_makes_nothing(api: House, pool: asyncpg.Pool) -> None:
    """A grant to read makes no tree either, though nobody would see it."""
    read = await writer(api, pool, Mode.read)
    for path, body in (("git/trees", tree()), ("git/commits", {"message": "m", "tree": "1" * 40})):
        reply = await read("POST", f"{HELLO}/{path}", tool="push_files", body=body)
        assert (reply.status_code, reply.json()["reason"]) == (403, "read_only"), path
    assert not await effects(pool)


@pytest.mark.parametrize(
    ("method", "path", "body", "tool"),
    [
        ("POST", "git/refs", {"ref": "refs/tags/v9", "sha": "1" * 40}, "create_branch"),
        ("POST", "git/refs", {"ref": "heads", "sha": "1" * 40}, "create_branch"),
        ("PATCH", "git/refs/tags%2Fv2.1.0", {"sha": "1" * 40}, "push_files"),
        ("PATCH", "git/refs/heads%2Fmain", {"sha": "1" * 40, "force": True}, "push_files"),
        ("PUT", "contents/a.txt", {**text("x"), "committer": {"name": "x", "email": "x@y.z"}}, "create_or_update_file"),
        ("PUT", "contents/..%2fx", text("x"), "create_or_update_file"),
        ("POST", "pulls", {"title": "T", "head": "evil:main", "base": "main"}, "create_pull_request"),
        ("POST", "pulls", {"title": "T", "head": "x", "head_repo": "y", "base": "main"}, "create_pull_request"),
        ("PUT", "contents/a.txt", text("x"), "push_files"),
        ("POST", "git/trees", tree(path="README.md", sha=None), "push_files"),
        ("POST", "git/trees", tree(mode="120000"), "push_files"),
        ("POST", "git/trees", tree(mode="160000", sha="1" * 40), "push_files"),
        ("POST", "git/trees", {"tree": tree()["tree"]}, "push_files"),
        ("POST", "git/commits", {"message": "m", "tree": "1" * 40, "author": {"name": "x"}}, "push_files"),
    ],
)
async def test_nothing_else_of_git_is_written(
    api: House, pool: asyncpg.Pool, method: str, path: str, body: dict[str, Any], tool: str
) -> None:
    """Tags, forced moves, other authors, forks, odd paths, and trees that leave files out never reach GitHub."""
    reply = await (await writer(api, pool))(method, f"{HELLO}/{path}", tool=tool, body=body)
    assert reply.status_code in (400, 403), reply.text
    assert not [entry for entry in api.seen if entry["method"] != "GET"]
