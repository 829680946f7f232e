"""Discussions at the gateway: read within the grant, and commented on once."""

from functools import partial
from typing import Any

import agent_effects
import asyncpg
import pytest
from agent_contracts import Grant, Mode
from fixtures.gateway import effects, running_task
from stand_ins.github.discussions import Discussion, DiscussionComment
from stand_ins.github.shapes.account import node_id
from vendor.github_api.house import House

PLANNING = "octo-org/planning"
GRANT = Grant(tools=["discussion_comment_write"], resources={"repositories": [PLANNING]}, mode="write")
OURS = {"owner": "octo-org", "name": "planning"}
THEIRS = {"owner": "octocat", "name": "hello-world"}
COMMENT = f"/graphql/AddDiscussionComment/{PLANNING}/101"
STATE = "x-agent-effect-state"
LOOKS = 2
"""Requests by GraphQL that come before the comment's own: whose the discussion is, and its id."""


async def asker(api: House, pool: asyncpg.Pool, grant: Grant = GRANT) -> Any:
    """Return a function that asks for a running task."""
    task, attempt = await running_task(pool)
    return partial(api.ask, "POST", token=api.token(grant, task=task, attempt=attempt), tool=GRANT.tools[0])


def question(api: House) -> Discussion:
    """Return the discussion 101 of octo-org/planning, as the stand-in holds it."""
    found: Discussion = api.app.stand_in.world.named(PLANNING).discussions[101]
    return found


@pytest.mark.parametrize(
    ("operation", "variables"),
    [
        ("DiscussionCategories", {}),
        ("Discussions", {"first": 5, "states": ["OPEN"], "order": {"field": "CREATED_AT", "direction": "ASC"}}),
        ("Discussion", {"number": 101}),
        ("DiscussionComments", {"number": 101, "first": 5}),
    ],
)
async def test_discussions_are_read_in_the_grant(
    api: House, pool: asyncpg.Pool, operation: str, variables: dict[str, Any]
) -> None:
    """Each operation is answered for the grant's repository, and refused for another unsent."""
    ask = await asker(api, pool)
    reply = await ask(f"/graphql/{operation}", body={**OURS, **variables})
    assert reply.status_code == 200, reply.text
    assert "errors" not in reply.json()
    refused = await ask(f"/graphql/{operation}", body={**THEIRS, **variables})
    assert refused.json()["reason"] == "resource"


async def test_a_comment_is_an_effect_of_its_discussion(api: House, pool: asyncpg.Pool) -> None:
    """The row names the discussion and the comment's address; mentions in the text are broken."""
    ask = await asker(api, pool)
    reply = await ask(COMMENT, body={"body": "Seen, @mona-example."})
    assert (reply.status_code, reply.headers[STATE]) == (200, "done"), reply.text
    made = question(api).comments[-1]
    assert "Seen" in made.body
    assert "@mona-example" not in made.body
    (row,) = await effects(pool)
    assert (row["target"], row["state"]) == (f"{PLANNING}#101", "done")
    (done,) = await agent_effects.effects_of(pool, row["task_id"])
    assert str(done.url).endswith(f"/discussions/101#discussioncomment-{made.id}")


@pytest.mark.parametrize("is_reply", [False, True])
async def test_a_lost_comment_is_found_by_its_mark(api: House, pool: asyncpg.Pool, is_reply: bool) -> None:
    """A comment or reply without an answer happens once: it is found in the discussion, and a repeat is its row."""
    ask, found = await asker(api, pool), question(api)
    parent = found.comments[0]
    body = {"body": "Only once."} | ({"comment": node_id("DC", parent.id)} if is_reply else {})
    api.fault("delay", path="^/graphql", seconds=0, times=LOOKS)
    api.fault("apply_then_drop", path="^/graphql")
    reply = await ask(COMMENT, body=body)
    assert (reply.status_code, reply.headers[STATE]) == (200, "done"), reply.text
    said = parent.replies if is_reply else found.comments
    assert len([one for one in said if "Only once." in one.body]) == 1
    assert (await ask(COMMENT, body=body)).status_code == 200
    assert len([one for one in said if "Only once." in one.body]) == 1
    assert len(await effects(pool)) == 1


async def test_a_strangers_copy_of_the_mark_is_not_ours(api: House, pool: asyncpg.Pool) -> None:
    """A comment with our mark, written by another account, does not settle the write."""
    ask, found = await asker(api, pool), question(api)
    api.fault("delay", path="^/graphql", seconds=0, times=LOOKS)
    api.fault("apply_then_drop", path="^/graphql")
    api.fault("status", method="GET", path="/user$", status=502, times=100)
    assert (await ask(COMMENT, body={"body": "Ours."})).headers[STATE] == "unknown"
    found.comments[-1].user = api.app.stand_in.world.user("lin-example")
    api.app.controls.gate.faults.clear()
    assert (await ask(COMMENT, body={"body": "Ours."})).json()["reason"] == "effect_unknown"


async def test_what_is_answered_is_of_the_discussion(api: House, pool: asyncpg.Pool) -> None:
    """A discussion that is not there, or a comment of another one, is refused unsent."""
    ask, found = await asker(api, pool), question(api)
    other = api.app.stand_in.world.named(PLANNING).discussions[102].comments[0]
    for path, body in (
        (COMMENT.replace("101", "999"), {"body": "x"}),
        (COMMENT, {"body": "x", "comment": node_id("DC", other.id)}),
        (COMMENT, {"body": "x", "comment": "DC_nothing"}),
        (COMMENT.replace("octo-org/planning", "octocat/hello-world"), {"body": "x"}),
    ):
        reply = await ask(path, body=body)
        assert (reply.status_code, reply.json()["reason"]) == (403, "resource"), path
    assert len(found.comments) == 2
    assert other.replies == []


async def test_a_moved_repository_is_not_commented_by_its_old_name(api: House, pool: asyncpg.Pool) -> None:
    """GraphQL follows a rename without a word; the discussion's own repository is asked for first."""
    ask, world = await asker(api, pool), api.app.stand_in.world
    found = question(api)
    world.rename(world.named(PLANNING), "octo-org/elsewhere")
    assert (await ask(COMMENT, body={"body": "x"})).json()["reason"] == "resource"
    assert len(found.comments) == 2


async def test_who_approves_a_reply_reads_what_it_answers(api: House, pool: asyncpg.Pool) -> None:
    """A proposal shows the discussion's title and text, and the comment."""
    ask, found = await asker(api, pool, GRANT.model_copy(update={"mode": Mode.propose})), question(api)
    body = {"body": "Below languages/.", "comment": node_id("DC", found.comments[0].id)}
    assert (await ask(COMMENT, body=body)).status_code == 202
    (waiting,) = await agent_effects.proposals(pool)
    for words in ("How do I add a language?", "where the words go", "Into a file of its own"):
        assert words in waiting.shown
    assert found.comments[0].replies == []


async def test_a_lost_comment_is_looked_for_from_the_end(api: House, pool: asyncpg.Pool) -> None:
    """In a long discussion the last page is read first."""
    ask, found = await asker(api, pool), question(api)
    first = found.comments[0]
    found.comments += [DiscussionComment(90_000 + number, "x", first.user, first.created_at) for number in range(700)]
    api.fault("delay", path="^/graphql", seconds=0, times=LOOKS)
    api.fault("apply_then_drop", path="^/graphql")
    reply = await ask(COMMENT, body={"body": "At the end."})
    assert (reply.status_code, reply.headers[STATE]) == (200, "done"), reply.text
