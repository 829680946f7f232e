"""Writes to GitHub: what their rows say, what GitHub dropped of them, how a lost one is found, what is proposed."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import agent_effects
import asyncpg
import httpx
import pytest
from agent_contracts import Mode
from fixtures.gateway import effects, running_task
from structlog.testing import capture_logs
from vendor.github_api.house import HELLO, WRITER, House, hello

ISSUE = f"{HELLO}/issues/1"
STATE = "x-agent-effect-state"
Write = Callable[..., Coroutine[Any, Any, httpx.Response]]


async def writer(api: House, pool: asyncpg.Pool, mode: Mode = Mode.write) -> Write:
    """Return a function that writes for a running task."""
    task, attempt = await running_task(pool)
    return partial(api.ask, token=api.token(WRITER.model_copy(update={"mode": mode}), task=task, attempt=attempt))


async def test_each_write_to_an_issue_names_it_and_its_fields(api: House, pool: asyncpg.Pool) -> None:
    """Whatever the route, the target of a write to an issue is `owner/name#number`, and its fields are the body's."""
    write, wanted = await writer(api, pool), []
    for method, path, body, tool, fields in (
        ("PATCH", ISSUE, {"title": "x", "labels": ["bug"]}, "issue_write", ["labels", "title"]),
        ("PUT", f"{ISSUE}/labels", {"labels": ["bug"]}, "issue_write", ["labels"]),
        ("POST", f"{ISSUE}/labels", ["question"], "issue_write", ["labels"]),
        ("DELETE", f"{ISSUE}/labels/bug", None, "issue_write", []),
        ("POST", f"{ISSUE}/comments", {"body": "Hello"}, "add_issue_comment", ["body"]),
    ):
        reply = await write(method, path, tool=tool, body=body)
        assert reply.status_code in (200, 201), reply.text
        wanted.append(fields)
    rows = await effects(pool)
    done = await agent_effects.effects_of(pool, rows[0]["task_id"])
    assert [effect.fields for effect in done] == wanted
    assert {(effect.target, effect.state) for effect in done} == {("octocat/hello-world#1", "done")}


async def test_labels_that_github_drops_are_noticed(api: House, pool: asyncpg.Pool) -> None:
    """GitHub answers 200 and leaves the labels out: the effect is partial, and says which."""
    write = await writer(api, pool)
    for method, target, body in (
        ("PATCH", ISSUE, {"labels": ["Bug"]}),
        ("POST", f"{HELLO}/issues", {"title": "x", "labels": ["bug"]}),
    ):
        api.fault("drop_labels")
        with capture_logs() as lines:
            reply = await write(method, target, tool="issue_write", body=body)
        assert reply.status_code in (200, 201)
        assert reply.headers[STATE] == "partial"
        (audit,) = [line for line in lines if line["event"] == "request" and line["effect"]]
        assert audit["effect_detail"] == "labels asked for and not set: bug"
        assert (await effects(pool))[-1]["detail"] == "labels asked for and not set: bug"
    done = await write("PATCH", ISSUE, tool="issue_write", body={"labels": ["BUG", "question"], "state": "closed"})
    assert done.headers[STATE] == "done"


async def test_a_lost_comment_and_a_lost_issue_are_found_by_their_mark(api: House, pool: asyncpg.Pool) -> None:
    """What was created carries its effect's id where GitHub shows it to nobody, also without a text of its own."""
    write = await writer(api, pool)
    api.fault("apply_then_drop", method="POST")
    comment = await write("POST", f"{ISSUE}/comments", tool="add_issue_comment", body={"body": "Hello"})
    assert (comment.status_code, comment.headers[STATE]) == (201, "done")
    assert comment.json()["body"] == f"Hello\n\n<!-- agent-bot:effect {comment.headers['x-agent-effect']} -->"
    api.fault("apply_then_drop", method="POST")
    bodies = [{"title": "Once", "labels": ["bug"]}] * 2
    made = [await write("POST", f"{HELLO}/issues", tool="issue_write", body=body) for body in bodies]
    assert [(reply.status_code, reply.json()["title"]) for reply in made] == [(201, "Once")] * 2
    assert [issue.title for issue in hello(api).issues.values()].count("Once") == 1
    assert [row["url"] for row in await effects(pool)] == [comment.json()["html_url"], made[0].json()["html_url"]]


@pytest.mark.parametrize("fault", ["apply_then_drop", "drop_before"])
async def test_a_lost_change_shows_itself(api: House, pool: asyncpg.Pool, fault: str) -> None:
    """A state that was set is read back: it is there, or the change stays unknown."""
    write = await writer(api, pool)
    api.fault(fault, method="PATCH")
    reply = await write("PATCH", ISSUE, tool="issue_write", body={"title": "after all"})
    expected = (200, "done") if fault == "apply_then_drop" else (502, "unknown")
    assert (reply.status_code, reply.headers[STATE]) == expected


async def test_who_wrote_it_must_be_known(api: House, pool: asyncpg.Pool) -> None:
    """A comment with the mark is ours only where GitHub says who we are: else nothing is sent again."""
    write = partial(await writer(api, pool), "POST", f"{ISSUE}/comments", tool="add_issue_comment", body={"body": "x"})
    api.fault("apply_then_drop", method="POST")
    api.fault("status", method="GET", path="/user$", status=502, times=100)
    assert (await write()).headers[STATE] == "unknown"
    await pool.execute("update gateway.effects set sent_at = sent_at - interval '121 seconds'")
    again = await write()
    assert (again.status_code, again.json()["reason"]) == (409, "effect_unknown")
    api.app.controls.gate.faults.clear()
    assert (await write()).status_code == 201
    assert [row["state"] for row in await effects(pool)] == ["done"]


async def test_a_proposal_shows_the_issue_as_it_is_now(api: House, pool: asyncpg.Pool) -> None:
    """An approver reads which labels come and go, and whose issue a comment is for."""
    propose = await writer(api, pool, Mode.propose)
    before = list(hello(api).issues[1].labels)
    await propose("PATCH", ISSUE, tool="issue_write", body={"labels": ["bug", "question"]})
    await propose("POST", f"{ISSUE}/comments", tool="add_issue_comment", body={"body": "Looking into it"})
    waiting = {found.route.split()[0]: found.shown for found in await agent_effects.proposals(pool)}
    assert "+ question" in waiting["PATCH"]
    assert "+ Looking into it" in waiting["POST"]
    assert "octocat/hello-world#1" in waiting["POST"]
    assert hello(api).issues[1].labels == before
