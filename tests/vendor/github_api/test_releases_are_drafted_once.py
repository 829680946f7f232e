"""A release is a write that happens once; the notes that GitHub generates are a read."""

from functools import partial

import asyncpg
from agent_contracts import Grant, Mode
from fixtures.gateway import effects, running_task
from vendor.github_api.house import HELLO, House, hello

RELEASES = f"{HELLO}/releases"
DRAFT = {"tag_name": "v2.4.0", "name": "Next", "body": "Notes, by @mona-example.", "draft": True}
STATE = "x-agent-effect-state"
GRANT = Grant(
    tools=["create_release", "list_releases"], resources={"repositories": ["octocat/hello-world"]}, mode="write"
)


async def test_a_lost_draft_is_found_by_its_mark(api: House, pool: asyncpg.Pool) -> None:
    """A draft whose reply was lost is found in the list by the mark in its text, and is not made twice."""
    task, attempt = await running_task(pool)
    write = partial(api.ask, "POST", RELEASES, token=api.token(GRANT, task=task, attempt=attempt))
    api.fault("apply_then_drop", method="POST")
    made = [await write(tool="create_release", body=DRAFT) for _ in range(2)]
    assert [(one.status_code, one.headers[STATE]) for one in made] == [(201, "done")] * 2
    assert [one.tag for one in hello(api).releases].count("v2.4.0") == 1
    (row,) = await effects(pool)
    assert row["target"] == "octocat/hello-world"
    assert row["url"] == made[0].json()["html_url"]
    assert "@mona-example" not in made[0].json()["body"]


async def test_a_release_that_is_none_is_partial(api: House, pool: asyncpg.Pool) -> None:
    """A reply with another tag than was asked for makes the effect partial, and says why."""
    task, attempt = await running_task(pool)
    api.fault("status", method="POST", status=201, body={"id": 1, "tag_name": "v9", "draft": True, "url": ""})
    reply = await api.ask(
        "POST", RELEASES, token=api.token(GRANT, task=task, attempt=attempt), tool="create_release", body=DRAFT
    )
    assert reply.headers[STATE] == "partial"
    assert (await effects(pool))[-1]["detail"] == "the tag is 'v9', not 'v2.4.0'"


async def test_an_approver_sees_the_release_that_a_tag_has(api: House, pool: asyncpg.Pool) -> None:
    """A proposal shows the published release of the same tag, and the text that would be written."""
    task, attempt = await running_task(pool)
    token = api.token(GRANT.model_copy(update={"mode": Mode.propose}), task=task, attempt=attempt)
    reply = await api.ask("POST", RELEASES, token=token, tool="create_release", body={**DRAFT, "tag_name": "v2.3.0"})
    assert reply.status_code == 202
    row = await pool.fetchrow("select shown from gateway.proposals")
    assert row is not None
    assert "Greetings in French and German" in row["shown"]
    assert "Notes, by" in row["shown"]


async def test_generated_notes_are_a_read(api: House, pool: asyncpg.Pool) -> None:
    """Notes are given to whoever may read the repository, and leave no effect; another repository is refused."""
    reader = Grant(tools=["generate_release_notes"], resources={"repositories": ["octocat/hello-world"]}, mode="read")
    task, attempt = await running_task(pool)
    ask = partial(api.ask, "POST", token=api.token(reader, task=task, attempt=attempt), tool="generate_release_notes")
    body = {"tag_name": "v2.3.0", "previous_tag_name": "v2.2.0"}
    reply = await ask(f"{RELEASES}/generate-notes", body=body)
    assert (reply.status_code, "Greet in French" in reply.json()["body"]) == (200, True)
    assert await effects(pool) == []
    refused = await ask("/repos/octocat/secret-plans/releases/generate-notes", body=body)
    assert refused.status_code == 403
    odd = await ask(f"{RELEASES}/generate-notes", body={**body, "configuration_file_path": "x.yml"})
    assert (odd.status_code, odd.json()["reason"]) == (400, "body")


async def test_a_release_is_read_by_any_tag(api: House, pool: asyncpg.Pool) -> None:
    """A tag with a slash is read as GitHub takes it, and no tag leads elsewhere."""
    hello(api).releases[0].tag = "cli/v1.0"
    task, attempt = await running_task(pool)
    ask = partial(api.ask, "GET", token=api.token(GRANT, task=task, attempt=attempt), tool="list_releases")
    for path in ("tags/cli/v1.0", "latest"):
        assert (await ask(f"{RELEASES}/{path}")).status_code == 200
    for path in ("tags/../../issues/1", "tags/%2e%2e/latest", "tags/a%2f..%2fb"):
        assert (await ask(f"{RELEASES}/{path}")).status_code in (400, 404)
    for path in ("deployments", f"deployments/{hello(api).deployments[0].id}/statuses"):
        assert (await ask(f"{HELLO}/{path}")).status_code == 200
