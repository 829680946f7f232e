"""Notifications are held to the grant by their repository, gists by their owner."""

from functools import partial
from typing import Any

import agent_effects
import asyncpg
from agent_contracts import Grant, Mode
from fixtures.gateway import effects, running_task
from stand_ins.github.seed_personal import OWN, PUBLIC
from vendor.github_api.house import HELLO, House
from vendor.github_api.test_planning_stays_in_the_grant import Write

STATE = "x-agent-effect-state"
TOOLS = ["dismiss_notification", "manage_notification_subscription", "create_gist", "update_gist"]
FILES = {"plan.md": {"content": "# A plan"}}


def grant(mode: Mode = Mode.write, **resources: list[str]) -> Grant:
    """Return a grant for these resources."""
    return Grant(tools=TOOLS, resources=resources, mode=mode)


HERE = grant(repositories=["octocat/hello-world"])
GISTS = grant(gists=["agent-bot"])


async def writer(api: House, pool: asyncpg.Pool, given: Grant) -> Write:
    """Return a function that writes for a running task, whose tenant opens all that it may need."""
    task, attempt = await running_task(pool)
    return partial(api.ask, token=api.token(given, task=task, attempt=attempt))


def thread(api: House, number: int) -> str:
    """Return the path of a notification."""
    return f"/notifications/threads/{api.app.stand_in.world.notifications[number].id}"


async def test_notifications_outside_the_grant_are_left_out(api: House) -> None:
    """Rows of other repositories are counted and not shown; one by its id is kept back."""
    reply = await api.ask("GET", "/notifications", token=api.token(HERE))
    assert [one["subject"]["title"] for one in reply.json()] == [
        "Which Python versions are supported?",
        "Find the settings folder without HOME",
    ]
    assert reply.headers["x-agent-left-out"] == "1"
    foreign = await api.ask("GET", thread(api, 2), token=api.token(HERE))
    assert foreign.json()["reason"] == "reply_foreign"
    assert "countdown" not in foreign.text
    followed = await api.ask("GET", f"{thread(api, 2)}/subscription", token=api.token(HERE))
    assert (followed.status_code, followed.json()["reason"]) == (403, "resource")
    for path in (thread(api, 0), f"{thread(api, 0)}/subscription", f"{HELLO}/notifications", f"{HELLO}/subscription"):
        assert (await api.ask("GET", path, token=api.token(HERE))).status_code == 200, path


async def test_notifications_of_the_grant_are_settled(api: House, pool: asyncpg.Pool) -> None:
    """A notification is looked up before it is changed, and an effect says what was done."""
    dismiss = partial(await writer(api, pool, HERE), tool="dismiss_notification")
    foreign = await dismiss("DELETE", thread(api, 2))
    assert (foreign.status_code, foreign.json()["reason"]) == (403, "resource")
    everything = await dismiss("PUT", "/notifications", body={})
    assert (everything.status_code, everything.json()["reason"]) == (403, "resource")
    for method, path, body, status in (
        ("PATCH", thread(api, 0), None, 205),
        ("DELETE", thread(api, 1), None, 204),
        ("PUT", f"{HELLO}/notifications", {"last_read_at": "2026-11-19T12:00:00Z"}, 205),
    ):
        reply = await dismiss(method, path, body=body)
        assert (reply.status_code, reply.headers[STATE]) == (status, "done"), reply.text
    first, second, third, _ = api.app.stand_in.world.notifications
    assert (first.unread, second.done, third.unread) == (False, True, True)
    assert [row["target"] for row in await effects(pool)] == [
        thread(api, 0),
        thread(api, 1),
        "octocat/hello-world",
    ]


async def test_subscriptions_are_effects(api: House, pool: asyncpg.Pool) -> None:
    """A thread and a repository are followed as asked; a reply that says otherwise is partial."""
    follow = partial(await writer(api, pool, HERE), tool="manage_notification_subscription")
    for method, path, body, status in (
        ("PUT", f"{thread(api, 0)}/subscription", {"ignored": True}, 200),
        ("DELETE", f"{thread(api, 0)}/subscription", None, 204),
        ("PUT", f"{HELLO}/subscription", {"subscribed": True, "ignored": False}, 200),
        ("DELETE", f"{HELLO}/subscription", None, 204),
    ):
        reply = await follow(method, path, body=body)
        assert (reply.status_code, reply.headers[STATE]) == (status, "done"), reply.text
    url = "https://api.github.com/repos/octocat/hello-world/subscription"
    api.fault("status", method="PUT", status=200, body={"subscribed": False, "ignored": False, "url": url})
    reply = await follow("PUT", f"{HELLO}/subscription", body={"subscribed": True, "ignored": True})
    assert reply.headers[STATE] == "partial"


async def test_who_approves_reads_what_a_notification_is_about(api: House, pool: asyncpg.Pool) -> None:
    """A proposal shows the title and the repository, and nothing is changed."""
    dismiss = await writer(api, pool, grant(Mode.propose, repositories=["octocat/hello-world"]))
    assert (await dismiss("DELETE", thread(api, 0), tool="dismiss_notification")).status_code == 202
    (waiting,) = await agent_effects.proposals(pool)
    assert "Which Python versions" in waiting.shown
    assert not api.app.stand_in.world.notifications[0].done


async def test_gists_need_their_owner_in_the_grant(api: House, pool: asyncpg.Pool) -> None:
    """A grant for repositories reads and writes no gist; one for a person reads that person's."""
    for given in (HERE, grant(repositories=["octocat/hello-world"], gists=["somebody-else"])):
        own = await api.ask("GET", "/gists", token=api.token(given))
        assert (own.json(), own.headers["x-agent-left-out"]) == ([], "1")
        assert (await api.ask("GET", f"/gists/{OWN}", token=api.token(given))).json()["reason"] == "reply_foreign"
        theirs = await api.ask("GET", "/users/mona-example/gists", token=api.token(given))
        assert (theirs.status_code, theirs.json()["reason"]) == (403, "resource")
        write = await writer(api, pool, given)
        for method, path, tool in (("POST", "/gists", "create_gist"), ("PATCH", f"/gists/{OWN}", "update_gist")):
            refused = await write(method, path, tool=tool, body={"files": FILES})
            assert (refused.status_code, refused.json()["reason"]) == (403, "resource")
            assert "gists of the grant" in refused.text
    assert len(api.app.stand_in.world.gists) == 2
    for path in ("/gists", f"/gists/{OWN}", "/users/agent-bot/gists"):
        assert "What crashes have" in (await api.ask("GET", path, token=api.token(GISTS))).text, path


async def test_a_lost_gist_is_found_by_its_mark(api: House, pool: asyncpg.Pool) -> None:
    """A gist whose reply was lost is found among the own ones, and is not made twice."""
    write = partial(await writer(api, pool, GISTS), "POST", "/gists", tool="create_gist")
    api.fault("apply_then_drop", method="POST")
    made = [await write(body={"files": FILES, "description": "Plans"}) for _ in range(2)]
    assert [(one.status_code, one.headers[STATE]) for one in made] == [(201, "done")] * 2, made[0].text
    assert len(api.app.stand_in.world.gists) == 3
    (row,) = await effects(pool)
    assert row["url"] == made[0].json()["html_url"]


async def test_a_public_gist_is_danger(api: House, pool: asyncpg.Pool) -> None:
    """A task's public gist, however public is said, waits for approval; a secret one is made."""
    write = partial(await writer(api, pool, GISTS), "POST", "/gists", tool="create_gist")
    for public in (True, "true"):
        body = {"files": FILES, "description": f"{public}", "public": public}
        assert (await write(body=body)).status_code == 202
    assert len(api.app.stand_in.world.gists) == 2
    assert (await write(body={"files": FILES, "public": False})).status_code == 201


async def test_a_change_of_a_public_gist_says_so(api: House, pool: asyncpg.Pool) -> None:
    """A change that does not say that its gist is public is refused; one that does waits for approval."""
    own = api.app.stand_in.world.gists[OWN]
    write = partial(await writer(api, pool, GISTS), "PATCH", f"/gists/{OWN}", tool="update_gist")
    api.fault("apply_then_drop", method="PATCH")
    changed = await write(body={"files": FILES, "description": "Changed"})
    assert (changed.status_code, changed.headers[STATE]) == (200, "done"), changed.text
    assert (set(own.files), own.description) == ({"notes.md", "plan.md"}, "Changed")
    own.public = True
    unsaid = await write(body={"description": "For all"})
    assert (unsaid.status_code, unsaid.json()["reason"]) == (403, "access")
    assert (await write(body={"description": "For all", "public": True})).status_code == 202
    (waiting,) = await agent_effects.proposals(pool)
    assert "- Changed" in waiting.shown
    assert own.description == "Changed"


async def test_an_app_has_no_gists(api: House, pool: asyncpg.Pool) -> None:
    """With an App's token nothing is made, and the refusal says what the gateway needs."""
    for token in api.app.stand_in.world.tokens.values():
        token.installation = True
    write = await writer(api, pool, grant(gists=["agent-bot"]))
    refused = await write("POST", "/gists", tool="create_gist", body={"files": FILES})
    assert (refused.status_code, refused.json()["reason"]) == (403, "credential")


async def test_another_persons_gists_open_no_own_ones(api: House, pool: asyncpg.Pool) -> None:
    """With another person's gists in the grant they are read, and none is made for the token's own account."""
    given = grant(gists=["mona-example"])
    assert (await api.ask("GET", f"/gists/{PUBLIC}", token=api.token(given))).status_code == 200
    write = await writer(api, pool, given)
    refused = await write("POST", "/gists", tool="create_gist", body={"files": FILES})
    assert (refused.status_code, refused.json()["reason"]) == (403, "resource")


async def test_no_file_of_a_gist_is_deleted_or_renamed(api: House, pool: asyncpg.Pool) -> None:
    """A file that is null, or has another name, would be lost: whoever asks, nothing is sent."""
    own = api.app.stand_in.world.gists[OWN]
    before = dict(own.files)
    odd: list[Any] = [{"notes.md": None}, {"notes.md": {"filename": "b.md", "content": "x"}}, {"notes.md": {}}, [None]]
    for whole in odd:
        for ask in (await writer(api, pool, GISTS), partial(api.ask, service="keeper")):
            refused = await ask("PATCH", f"/gists/{OWN}", tool="update_gist", body={"files": whole})
            assert (refused.status_code, refused.json()["reason"]) == (403, "access"), refused.text
    assert own.files == before
