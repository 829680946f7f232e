"""Sub-issues, reactions and teams: what GitHub names by an id alone is held to the grant too."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import agent_effects
import asyncpg
import httpx
import pytest
from agent_contracts import Grant, Mode
from fixtures.gateway import effects, running_task
from stand_ins.github.records import Issue
from stand_ins.github.seed import DescribedIssue, DescribedRepository, add_repository
from vendor.github_api.house import House

PLANNING = "octo-org/planning"
EPIC = f"/repos/{PLANNING}/issues/1"
OTHER = "octo-org/other"
ONE = Grant(
    tools=["issue_write", "sub_issue_write", "add_reaction"], resources={"repositories": [PLANNING]}, mode="write"
)
ALL = ONE.model_copy(update={"resources": {"repositories": ["octo-org/*"]}})
STATE = "x-agent-effect-state"
Write = Callable[..., Coroutine[Any, Any, httpx.Response]]


async def writer(api: House, pool: asyncpg.Pool, grant: Grant = ONE) -> Write:
    """Return a function that writes for a running task."""
    task, attempt = await running_task(pool)
    return partial(api.ask, token=api.token(grant, task=task, attempt=attempt), tool="sub_issue_write")


def issues(api: House) -> dict[int, Issue]:
    """Return the issues of octo-org/planning, as the stand-in holds them."""
    found: dict[int, Issue] = api.app.stand_in.world.named(PLANNING).issues
    return found


@pytest.fixture
def other(api: House) -> Issue:
    """An issue in another repository of the organization, which the token sees."""
    described = DescribedRepository(full_name=OTHER, issues=[DescribedIssue(title="Elsewhere", user="lin-example")])
    return add_repository(api.app.stand_in.world, described, "agent-bot").issues[1]


async def test_a_sub_issue_is_named_and_its_id_is_the_gateways(api: House, pool: asyncpg.Pool) -> None:
    """The path names the sub-issue; GitHub gets its id, and the row says what the write is about."""
    reply = await (await writer(api, pool))("POST", f"{EPIC}/sub_issues/{PLANNING}/4", body={})
    assert (reply.status_code, reply.headers[STATE]) == (201, "done"), reply.text
    assert [one.number for one in issues(api)[1].sub_issues] == [2, 3, 4]
    (row,) = await effects(pool)
    assert (row["target"], row["state"]) == (f"{PLANNING}#1", "done")


async def test_a_sub_issue_outside_the_grant_is_refused(api: House, pool: asyncpg.Pool, other: Issue) -> None:
    """Neither by its name nor by its id is another repository's issue linked; with it in the grant it is."""
    write = await writer(api, pool)
    refused = await write("POST", f"{EPIC}/sub_issues/{OTHER}/1", body={})
    assert (refused.status_code, refused.json()["reason"]) == (403, "resource")
    unknown = await write("POST", f"{EPIC}/sub_issues", body={"sub_issue_id": other.id})
    assert unknown.status_code in (404, 405)
    assert not api.seen
    linked = await (await writer(api, pool, ALL))("POST", f"{EPIC}/sub_issues/{OTHER}/1", body={})
    assert linked.status_code == 201, linked.text
    for method, path, body in (
        ("DELETE", f"{EPIC}/sub_issue", {"sub_issue_id": other.id}),
        ("PATCH", f"{EPIC}/sub_issues/priority", {"sub_issue_id": other.id, "before_id": issues(api)[2].id}),
    ):
        reply = await write(method, path, body=body)
        assert (reply.status_code, reply.json()["reason"]) == (403, "resource"), method
    assert other.parent is issues(api)[1]


async def test_a_sub_issue_is_moved_and_removed(api: House, pool: asyncpg.Pool) -> None:
    """A child of the issue is found by its id among the children."""
    write, sub = await writer(api, pool), issues(api)[3].id
    moved = await write(
        "PATCH", f"{EPIC}/sub_issues/priority", body={"sub_issue_id": sub, "before_id": issues(api)[2].id}
    )
    assert moved.status_code == 200, moved.text
    assert [one.number for one in issues(api)[1].sub_issues] == [3, 2]
    assert (await write("DELETE", f"{EPIC}/sub_issue", body={"sub_issue_id": sub})).status_code == 200
    assert [one.number for one in issues(api)[1].sub_issues] == [2]


async def test_a_lost_link_is_found(api: House, pool: asyncpg.Pool) -> None:
    """A sub-issue that was added without a reply is found among the issue's own."""
    api.fault("apply_then_drop", method="POST")
    reply = await (await writer(api, pool))("POST", f"{EPIC}/sub_issues/{PLANNING}/4", body={})
    assert (reply.status_code, reply.headers[STATE]) == (201, "done"), reply.text
    assert [one.number for one in issues(api)[1].sub_issues] == [2, 3, 4]


async def test_who_approves_a_link_reads_both_titles(api: House, pool: asyncpg.Pool) -> None:
    """A proposal of a sub-issue shows which issue it is and of which."""
    write = await writer(api, pool, ONE.model_copy(update={"mode": Mode.propose}))
    assert (await write("POST", f"{EPIC}/sub_issues/{PLANNING}/4", body={})).status_code == 202
    (waiting,) = await agent_effects.proposals(pool)
    assert "Speak every language" in waiting.shown
    assert "The list of languages is cut" in waiting.shown
    assert len(issues(api)[1].sub_issues) == 2


async def test_only_an_own_reaction_is_taken_back(api: House, pool: asyncpg.Pool) -> None:
    """With the right to delete anybody's reaction, the token deletes its own account's alone, and an app none."""
    react = partial(await writer(api, pool), tool="add_reaction")
    path, bug = f"/repos/{PLANNING}/issues/4/reactions", issues(api)[4]
    reply = await react("POST", path, body={"content": "eyes"})
    assert (reply.status_code, reply.headers[STATE]) == (201, "done"), reply.text
    theirs = await react("DELETE", f"{path}/{bug.reactions[0].id}")
    assert (theirs.status_code, theirs.json()["reason"]) == (403, "resource")
    assert (await react("DELETE", f"{path}/{reply.json()['id']}")).status_code == 204
    comment = issues(api)[3].comments[0]
    for token in api.app.stand_in.world.tokens.values():
        token.installation = True
    own = f"/repos/{PLANNING}/issues/comments/{comment.id}/reactions/{comment.reactions[0].id}"
    assert (await react("DELETE", own)).status_code == 403
    assert len(bug.reactions) == 3


async def test_people_are_added_and_removed_one_by_one(api: House, pool: asyncpg.Pool) -> None:
    """GitHub ignores whom it may not assign: the row says that a part was done."""
    write = partial(await writer(api, pool), tool="issue_write")
    path = f"/repos/{PLANNING}/issues/4/assignees"
    added = await write("POST", path, body={"assignees": ["mona-example"]})
    assert (added.status_code, added.headers[STATE]) == (201, "done"), added.text
    ignored = await write("POST", path, body={"assignees": ["mona-example", "stranger-example"]})
    assert ignored.headers[STATE] == "partial"
    removed = await write("DELETE", path, body={"assignees": ["mona-example"]})
    assert (removed.status_code, removed.headers[STATE]) == (200, "done"), removed.text


async def test_teams_need_the_whole_organization(api: House) -> None:
    """Teams and members are shown to a grant for all repositories of the organization, as are the own teams."""
    for path in ("/orgs/octo-org/teams", "/orgs/octo-org/teams/translators/members"):
        refused = await api.ask("GET", path, token=api.token(ONE))
        assert (refused.status_code, refused.json()["reason"]) == (403, "resource"), path
        assert (await api.ask("GET", path, token=api.token(ALL))).status_code == 200, path
    few, all_ = [await api.ask("GET", "/user/teams", token=api.token(grant)) for grant in (ONE, ALL)]
    assert (few.json(), few.headers["x-agent-left-out"]) == ([], "1")
    assert [team["slug"] for team in all_.json()] == ["release-crew"]
    assert "x-agent-left-out" not in all_.headers
    assert (await api.ask("GET", "/user", token=api.token(ONE))).json()["login"] == "agent-bot"


async def test_what_stands_in_other_repositories_is_left_out(api: House, other: Issue) -> None:
    """A list in which GitHub mixes repositories is passed on without those outside the grant, which are counted."""
    issues(api)[1].sub_issues.append(other)
    other.body = f"Blocks {PLANNING}#4."
    for path, mine in ((f"{EPIC}/sub_issues", 2), (f"/repos/{PLANNING}/issues/4/timeline", 1)):
        few, all_ = [await api.ask("GET", path, token=api.token(grant)) for grant in (ONE, ALL)]
        assert (len(few.json()), few.headers["x-agent-left-out"]) == (mine, "1")
        assert len(all_.json()) == mine + 1
        assert "Elsewhere" not in few.text


async def test_milestones_and_types_are_read(api: House) -> None:
    """Both are of the repository that the path names."""
    for path in ("milestones?state=all", "milestones/1", "issue-types"):
        assert (await api.ask("GET", f"/repos/{PLANNING}/{path}", token=api.token(ONE))).status_code == 200, path
