"""A push moves the open pull requests of its branch; what is written is announced by webhooks."""

import base64
import json
from collections.abc import Sequence

import httpx
import pytest
from stand_ins.github.app import StandInApp
from stand_ins.kit.webhooks import Hook

HELLO = "/repos/octocat/hello-world"


async def sent(github: StandInApp) -> Sequence[tuple[str, str]]:
    """Return the events that were sent, each with its action."""
    deliveries = github.stand_in.deliveries
    await deliveries.settled()
    return [(one.event, json.loads(one.body)["action"]) for one in deliveries.log.values()]


def put(text: str, branch: str) -> dict[str, str]:
    """Return the body of a write of a file."""
    return {"message": "Write", "content": base64.b64encode(text.encode()).decode(), "branch": branch}


async def test_a_pull_request_lives_with_its_branch(client: httpx.AsyncClient, github: StandInApp) -> None:
    """Opened, pushed to, merged: its files, its head and the base branch are what git would say."""
    github.stand_in.deliveries.hook = Hook("http://127.0.0.1:9/")
    main = (await client.get(f"{HELLO}/git/ref/heads/main")).json()["object"]["sha"]
    await client.post(f"{HELLO}/git/refs", json={"ref": "refs/heads/topic", "sha": main})
    await client.put(f"{HELLO}/contents/new.txt", json=put("one\n", "topic"))
    opened = await client.post(f"{HELLO}/pulls", json={"title": "T", "head": "topic", "base": "main"})
    number = opened.json()["number"]
    assert (opened.json()["changed_files"], opened.json()["commits"]) == (1, 1)
    await client.put(f"{HELLO}/contents/more.txt", json=put("two\n", "topic"))
    pull = (await client.get(f"{HELLO}/pulls/{number}")).json()
    assert (pull["changed_files"], pull["commits"], pull["mergeable_state"]) == (2, 2, "clean")
    merged = await client.put(f"{HELLO}/pulls/{number}/merge", json={"sha": pull["head"]["sha"]})
    assert merged.json()["merged"]
    commit = (await client.get(f"{HELLO}/commits/main")).json()
    assert (commit["sha"], len(commit["parents"])) == (merged.json()["sha"], 2)
    assert (await client.get(f"{HELLO}/contents/more.txt")).status_code == 200
    after = (await client.get(f"{HELLO}/pulls/{number}")).json()
    assert (after["state"], after["merged"], after["merge_commit_sha"]) == ("closed", True, merged.json()["sha"])
    events = [("pull_request", action) for action in ("opened", "synchronize", "closed")]
    assert await sent(github) == events


async def test_a_conflict_is_not_merged(client: httpx.AsyncClient, github: StandInApp) -> None:
    """Where both sides changed a file, GitHub merges neither way."""
    pull = (await client.get(f"{HELLO}/pulls/5")).json()
    blob = (await client.get(f"{HELLO}/contents/hello/settings.py")).json()["sha"]
    await client.put(f"{HELLO}/contents/hello/settings.py", json=put("other\n", "main") | {"sha": blob})
    now = (await client.get(f"{HELLO}/pulls/5")).json()
    assert (pull["mergeable"], now["mergeable"], now["mergeable_state"]) == (True, False, "dirty")
    assert (await client.put(f"{HELLO}/pulls/5/merge", json={})).status_code == 405
    assert (await client.put(f"{HELLO}/pulls/5/update-branch", json={})).status_code == 422


@pytest.mark.parametrize("role", ["write", "admin"])
async def test_a_protected_branch_takes_no_push(client: httpx.AsyncClient, github: StandInApp, role: str) -> None:
    """Changes come by pull request, unless an administrator pushes."""
    hello = github.stand_in.world.named("octocat/hello-world")
    hello.protected.add("main")
    await client.put("/_stand-in/permissions", json={"repository": "octocat/hello-world", "role": role})
    written = await client.put(f"{HELLO}/contents/x.txt", json=put("x", "main"))
    assert written.status_code == (409 if role == "write" else 201)
    old = hello.history.tags["v2.3.0"]
    body = {"message": "m", "tree": hello.history.commits[old].tree_sha, "parents": [hello.head_sha]}
    commit = (await client.post(f"{HELLO}/git/commits", json=body)).json()["sha"]
    moved = await client.patch(f"{HELLO}/git/refs/heads/main", json={"sha": commit})
    assert moved.status_code == (422 if role == "write" else 200)


async def test_a_branch_moves_only_forward(client: httpx.AsyncClient, github: StandInApp) -> None:
    """What is no descendant is refused without force; what nobody points to is visible by its id alone."""
    old = github.stand_in.world.named("octocat/hello-world").history.tags["v2.1.0"]
    refused = await client.patch(f"{HELLO}/git/refs/heads/main", json={"sha": old})
    assert (refused.status_code, refused.json()["message"]) == (422, "Update is not a fast forward")


async def test_readers_write_nothing(client: httpx.AsyncClient, github: StandInApp) -> None:
    """Without push access GitHub knows no such operation."""
    await client.put("/_stand-in/permissions", json={"repository": "octocat/hello-world", "role": "read"})
    for method, path, body in (
        ("PUT", "contents/x.txt", put("x", "main")),
        ("POST", "git/refs", {"ref": "refs/heads/x", "sha": "1" * 40}),
        ("POST", "git/trees", {"tree": []}),
        ("POST", "pulls", {"title": "T", "head": "x", "base": "main"}),
        ("PUT", "pulls/5/merge", {}),
    ):
        assert (await client.request(method, f"{HELLO}/{path}", json=body)).status_code == 404, path
