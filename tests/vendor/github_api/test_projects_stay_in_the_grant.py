"""Projects at the gateway: opened by a grant for the organization, their items within it, and changed once."""

from functools import partial
from typing import Any

import agent_effects
import asyncpg
import pytest
from agent_contracts import Grant, Mode
from fixtures.gateway import effects, running_task
from stand_ins.github.projects import Project, ProjectItem
from stand_ins.github.seed import DescribedIssue, DescribedRepository, add_repository
from vendor.github_api.house import House

ROADMAP = "/orgs/octo-org/projectsV2/1"
ALL = Grant(tools=["projects_write", "delete_project_item"], resources={"repositories": ["octo-org/*"]}, mode="write")
ONE = ALL.model_copy(update={"resources": {"repositories": ["octo-org/planning"]}})
ISSUE = {"type": "Issue", "owner": "octo-org", "repo": "planning", "number": 4}
STATE = "x-agent-effect-state"


async def asker(api: House, pool: asyncpg.Pool, grant: Grant = ALL) -> Any:
    """Return a function that asks for a running task."""
    task, attempt = await running_task(pool)
    return partial(api.ask, token=api.token(grant, task=task, attempt=attempt), tool="projects_write")


def roadmap(api: House) -> Project:
    """Return the project 1 of octo-org, as the stand-in holds it."""
    found: Project = api.app.stand_in.world.projects[0]
    return found


def field(api: House, name: str) -> int:
    """Return the id of a field of it."""
    return next(one.id for one in roadmap(api).fields if one.name == name)


async def test_a_project_needs_the_whole_organization(api: House) -> None:
    """All that is read of projects is refused to a grant for one repository, and open to one for all."""
    for path in ("", "/1", "/1/fields", f"/1/fields/{field(api, 'Status')}", "/1/items"):
        asked = partial(api.ask, "GET", f"/orgs/octo-org/projectsV2{path}")
        assert (await asked(token=api.token(ONE))).json()["reason"] == "resource", path
        assert (await asked(token=api.token(ALL))).status_code == 200, path


async def test_foreign_items_are_left_out_and_counted(api: House) -> None:
    """An item of another owner, or one that the token may not see, is neither listed nor read alone."""
    described = DescribedRepository(
        full_name="octo-org/hidden",
        private=True,
        role="none",
        issues=[DescribedIssue(title="Hidden", user="lin-example")],
    )
    world, items = api.app.stand_in.world, roadmap(api).items
    issue = add_repository(world, described, "agent-bot").issues[1]
    items.append(ProjectItem(world.next_id(), issue, items[0].creator, items[0].created_at, items[0].updated_at))
    reply = await api.ask("GET", f"{ROADMAP}/items", token=api.token(ALL))
    assert (len(reply.json()), reply.headers["x-agent-left-out"]) == (4, "2")
    assert "hello-world" not in reply.text
    alone = await api.ask("GET", f"{ROADMAP}/items/{roadmap(api).items[3].id}", token=api.token(ALL))
    assert alone.json()["reason"] == "reply_foreign"


async def test_fields_that_tell_of_other_issues_hide_their_item(api: House) -> None:
    """A parent may be of any repository: an item that is asked for with it is left out where it has one."""
    reply = await api.ask("GET", f"{ROADMAP}/items?fields={field(api, 'Parent issue')}", token=api.token(ALL))
    assert "Speak every language" not in reply.text
    assert reply.headers["x-agent-left-out"] == "3"


async def test_items_are_not_searched(api: House) -> None:
    """GitHub's own filter would tell of foreign items by what it counts: it is no parameter of the route."""
    reply = await api.ask("GET", f"{ROADMAP}/items?q=secret", token=api.token(ALL))
    assert reply.json()["reason"] == "query"


@pytest.mark.parametrize("lost", [False, True])
async def test_an_issue_is_added_once(api: House, pool: asyncpg.Pool, lost: bool) -> None:
    """The row names project and issue, with its address; a lost reply is found in the project."""
    ask = await asker(api, pool)
    if lost:
        api.fault("apply_then_drop", path="/items$")
    reply = await ask("POST", f"{ROADMAP}/items", body=ISSUE)
    assert (reply.status_code, reply.headers[STATE]) == (201, "done"), reply.text
    assert reply.json()["id"] == roadmap(api).items[-1].id
    assert len(roadmap(api).items) == 6
    (row,) = await effects(pool)
    assert row["target"] == "octo-org/projects/1: octo-org/planning#4"
    (done,) = await agent_effects.effects_of(pool, row["task_id"])
    assert str(done.url).endswith("/octo-org/planning/issues/4")


async def test_an_issue_outside_the_grant_is_not_added(api: House, pool: asyncpg.Pool) -> None:
    """The body names the repository; an id alone, which does not tell it, is no field of the route."""
    ask = await asker(api, pool)
    other = {"type": "Issue", "owner": "octocat", "repo": "hello-world", "number": 2}
    assert (await ask("POST", f"{ROADMAP}/items", body=other)).json()["reason"] == "resource"
    assert (await ask("POST", f"{ROADMAP}/items", body={"type": "Issue", "id": 1})).json()["reason"] == "body"
    assert len(roadmap(api).items) == 5


@pytest.mark.parametrize("lost", [False, True])
async def test_values_are_set_and_found_again(api: House, pool: asyncpg.Pool, lost: bool) -> None:
    """A lost reply is found by the item's values: a choice by its id, a number, a date, what was cleared."""
    ask, item = await asker(api, pool), roadmap(api).items[0]
    wanted = {"Status": "f75ad846", "Sprint": None, "Estimate": 2, "Due": "2026-12-24", "Note": "Soon."}
    body = {"fields": [{"id": field(api, name), "value": value} for name, value in wanted.items()]}
    if lost:
        api.fault("apply_then_drop", method="PATCH")
    reply = await ask("PATCH", f"{ROADMAP}/items/{item.id}", body=body)
    assert (reply.status_code, reply.headers[STATE]) == (200, "done"), reply.text
    assert item.values[field(api, "Estimate")] == 2
    (row,) = await effects(pool)
    assert row["target"] == f"octo-org/projects/1/items/{item.id}"


async def test_a_foreign_item_is_neither_changed_nor_taken(api: House, pool: asyncpg.Pool) -> None:
    """Whose an item is, is asked before it is written; a draft is the organization's."""
    ask, items = await asker(api, pool), roadmap(api).items
    body = {"fields": [{"id": field(api, "Status"), "value": "98236657"}]}
    foreign = f"{ROADMAP}/items/{items[3].id}"
    assert (await ask("PATCH", foreign, body=body)).json()["reason"] == "resource"
    assert (await ask("DELETE", foreign, tool="delete_project_item")).json()["reason"] == "resource"
    assert items[3].values == {field(api, "Status"): "f75ad846"}
    assert (await ask("PATCH", f"{ROADMAP}/items/{items[4].id}", body=body)).status_code == 200


async def test_who_approves_values_reads_their_names(api: House, pool: asyncpg.Pool) -> None:
    """A proposal shows the item, and by name what each field is now and what it is to be."""
    ask, item = await asker(api, pool, ALL.model_copy(update={"mode": Mode.propose})), roadmap(api).items[0]
    body = {"fields": [{"id": field(api, "Status"), "value": "47fc9ee4"}]}
    assert (await ask("PATCH", f"{ROADMAP}/items/{item.id}", body=body)).status_code == 202
    assert (await ask("POST", f"{ROADMAP}/items", body=ISSUE)).status_code == 202
    shown = "\n".join(one.shown for one in await agent_effects.proposals(pool))
    for words in ("Speak Finnish", "Done", "In Progress", "Roadmap", "The list of languages is cut"):
        assert words in shown
    assert len(roadmap(api).items) == 5


async def test_a_task_takes_an_item_away_by_proposal_alone(api: House, pool: asyncpg.Pool) -> None:
    """To remove an item is dangerous: for a task it waits for a person."""
    ask, item = await asker(api, pool), roadmap(api).items[0]
    reply = await ask("DELETE", f"{ROADMAP}/items/{item.id}", tool="delete_project_item")
    assert (reply.status_code, reply.headers[STATE]) == (202, "proposed")
    assert item in roadmap(api).items
