"""Projects against the stand-in GitHub: what is planned, with values by the names of their fields, and its changes."""

import re
from dataclasses import replace
from typing import Any

import pytest
from agent_contracts import Mode
from github_mcp.models.projects import ProjectItem as ModelItem
from mcp_kit.caller import Caller
from service_kit.grants import Bound
from stand_ins.github.projects import Project, ProjectItem
from vendor.github_mcp.conftest import READER, Ask, GitHub, OpenTools, said

ROADMAP = {"owner": "octo-org", "project": 1}
ITEMS = {**ROADMAP, "method": "list_project_items"}
EVERYTHING = {"GITHUB_TOOLS": "delete_project_item"}


def roadmap(github: GitHub) -> Project:
    """Return the project 1 of octo-org, as the stand-in holds it."""
    found: Project = github.app.stand_in.world.projects[0]
    return found


def values(github: GitHub, item: ProjectItem) -> dict[str, Any]:
    """Return an item's values by the names of their fields."""
    names = {one.id: one.name for one in roadmap(github).fields}
    return {names[field]: value for field, value in item.values.items()}


async def test_projects_are_listed_and_read(ask: Ask) -> None:
    """Each with its number, state and title; one is read with what it is about."""
    answer = await ask("projects_list", owner="octo-org")
    assert answer.text.startswith("2 projects of octo-org:")
    assert '1 open "Roadmap", updated 2026-09-07T09:00Z: "What comes with which release"' in answer.text
    assert '1 open "Roadmap"' in (await ask("projects_list", **ROADMAP, method="get_project")).text


async def test_fields_are_listed_with_their_choices(ask: Ask) -> None:
    """What a field takes stands in its row: options, or iterations with their start."""
    answer = await ask("projects_list", **ROADMAP, method="list_project_fields")
    assert '"Status" single_select: "Todo", "In Progress", "Done"' in answer.text
    assert '"Sprint" iteration: "Sprint 1" from 2026-11-16, "Sprint 2" from 2026-11-30' in answer.text
    assert '"Estimate" number' in answer.text


async def test_items_show_their_values(ask: Ask, github: GitHub) -> None:
    """A row has the item's id, the issue, pull request or draft that it is, and its values by name."""
    answer = await ask("projects_list", **ITEMS)
    assert answer.text.startswith("5 items of project 1 of octo-org, each with its id:")
    second = roadmap(github).items[1].id
    assert f'{second} octo-org/planning#3 open "Speak Estonian", assignees sam-example, "Status" "Todo"' in answer.text
    assert '"Estimate" "3.5", "Due" "2026-12-15", "Note" "Needs a proofreader."' in answer.text
    assert 'octo-org/planning#5 open "Show the whole list of languages", "Status" "In Progress"' in answer.text
    assert 'draft "Ask for more translators" by mona-example, "Status" "Todo"' in answer.text


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ({"Status": "todo"}, 3),
        ({"status": "Done", "Sprint": "Sprint 1"}, 1),
        ({"Due": "2026-12-15"}, 1),
        ({"Estimate": "3.50"}, 1),
        ({"Sprint": ""}, 4),
        ({"Status": "Todo", "Sprint": "Sprint 1"}, 0),
    ],
)
async def test_items_are_found_by_their_values(ask: Ask, where: dict[str, str], count: int) -> None:
    """All values must fit, case aside; an empty one finds what has none."""
    answer = await ask("projects_list", **ITEMS, where=where)
    told = ", each with its id:" if count else "."
    assert answer.text.startswith(f"{count} items of project 1 of octo-org, narrowed by where{told}")


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"Status": "Nope"}, ["takes one of its choices", '"Todo", "In Progress", "Done"', '"" finds what has none']),
        ({"Estimate": "abc"}, ["takes a number; no item was looked at", "Give a number;"]),
        ({"Due": "Friday"}, ["a date as 2026-01-31"]),
        ({"Nofield": "x"}, ["no such field in which items have values of their own; no item was looked at", '"Note"']),
    ],
)
async def test_a_value_that_no_item_can_have_is_refused(ask: Ask, where: dict[str, str], words: list[str]) -> None:
    """A value that a field does not take is told with what it takes: `0 items` would say that nothing is there."""
    answer = await ask("projects_list", **ITEMS, where=where)
    assert answer.is_error
    assert all(part in answer.text for part in words), answer.text
    assert "null" not in answer.text


async def test_items_are_read_to_the_end(ask: Ask) -> None:
    """The cursor leads on by GitHub's own."""
    first = await ask("projects_list", **ITEMS, limit=3)
    cursor = re.search(r"next_cursor: (\S+)", first.text)
    assert cursor
    last = await ask("projects_list", **ITEMS, limit=3, cursor=cursor[1])
    assert last.text.startswith("items 4 to 5 of project 1")
    assert "next_cursor" not in last.text


def test_a_date_is_shown_without_the_time_behind_it() -> None:
    """GitHub may tell a date as a moment: it is shown, and found, as the date that was set."""
    value = {"id": 7, "name": "Due", "data_type": "date", "value": "2026-12-15T00:00:00+00:00"}
    item = ModelItem.model_validate({"id": 1, "content_type": "DraftIssue", "content": None, "fields": [value]})
    assert item.is_so({7: "2026-12-15"})


async def test_a_search_that_ends_early_says_so(ask: Ask, github: GitHub) -> None:
    """Out of many items 1,000 are looked through at once: how many did not fit is said, and the cursor goes on."""
    items = github.app.stand_in.world.projects[0].items
    draft = next(one for one in items if one.issue is None)
    items[:] = [replace(draft, id=50_000 + number, values={}) for number in range(1_001)] + items
    answer = await ask("projects_list", **ITEMS, where={"Note": "Needs a proofreader."})
    assert "0 items of project 1" in answer.text
    assert "1000 others were looked through up to here; next_cursor goes on behind them." in answer.text
    cursor = re.search(r"next_cursor: (\S+)", answer.text)
    assert cursor
    rest = await ask("projects_list", **ITEMS, where={"Note": "Needs a proofreader."}, cursor=cursor[1])
    assert "Speak Estonian" in rest.text


async def test_an_item_is_read_with_its_text(ask: Ask, github: GitHub) -> None:
    """An issue's and a draft's, each with the values; a peer's name of the tool leads there too."""
    items = roadmap(github).items
    issue = await ask("projects_get", **ROADMAP, method="get_project_item", item_id=items[1].id)
    assert "Needs somebody who proofreads." in issue.text
    draft = await ask("projects_list", **ROADMAP, method="get_project_item", item=items[4].id)
    assert "On the mailing list." in draft.text


async def test_persons_and_strangers_are_told_apart(ask: Ask, open_tools: OpenTools) -> None:
    """A person's projects are out of reach, and so is an organization's to a token that is not of it: both are said."""
    reader = await open_tools(GITHUB_TOKEN=READER)
    answers = [
        await ask("projects_list", owner="octocat"),
        said(await reader.call_tool_mcp("projects_list", {"owner": "octo-org"})),
    ]
    for answer in answers:
        assert answer.is_error
        assert "has its permission Projects; persons' are out of reach" in answer.text


async def test_a_missing_permission_is_named(ask: Ask, github: GitHub) -> None:
    """GitHub says which permission a narrow token lacks."""
    for token in github.app.stand_in.world.tokens.values():
        token.limits = {"organization_projects": "none"}
    answer = await ask("projects_list", owner="octo-org")
    assert "organization_projects=read" in answer.text


async def test_an_issue_and_a_pull_request_are_added_once(ask: Ask, github: GitHub) -> None:
    """The reply has the item's id and the address; what is there stays the item that it is."""
    add = {**ROADMAP, "method": "add_project_item", "repository": "octo-org/planning"}
    answer = await ask("projects_write", **add, issue=4)
    made = roadmap(github).items[-1]
    assert answer.text == (
        f"octo-org/planning#4 is item {made.id} of project 1 of octo-org. {github.url}/octo-org/planning/issues/4"
    )
    assert (await ask("projects_write", **add, issue=4)).text == answer.text
    again = await ask("projects_write", **add, issue=5)
    assert f"is item {roadmap(github).items[2].id} of" in again.text
    assert len(roadmap(github).items) == 6


async def test_values_are_set_by_their_names(ask: Ask, github: GitHub) -> None:
    """A choice by its name, a number, a date, a text; null clears. The reply shows the item as it is now."""
    item = roadmap(github).items[0]
    fields = {"status": "in progress", "Sprint": None, "Estimate": 2, "Due": "2026-12-24", "Note": "Soon."}
    answer = await ask("projects_write", **ROADMAP, method="update_project_item", item=item.id, fields=fields)
    assert not answer.is_error, answer.text
    assert values(github, item) == {
        "Status": "47fc9ee4", "Sprint": None, "Estimate": 2, "Due": "2026-12-24", "Note": "Soon.",
    }  # fmt: skip
    assert '"Status" "In Progress", "Estimate" "2", "Due" "2026-12-24", "Note" "Soon."' in answer.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Status": "Doing"}, ['"Todo", "In Progress", "Done"', "one of its choices"]),
        ({"Sprint": "Sprint 9"}, ['"Sprint 1" from 2026-11-16']),
        ({"Estimate": "much"}, ["takes a number", "Give a number; null clears it."]),
        ({"Estimate": "nan"}, ["takes a number"]),
        ({"Due": "Friday"}, ["a date as 2026-01-31"]),
        ({"Assignees": "x"}, ['"Status" "Sprint" "Estimate" "Due" "Note"', "the issue's own"]),
        ({"Estimate": True}, ["fields.Estimate"]),
        ({}, ["needs item and fields"]),
    ],
)
async def test_a_value_that_a_field_does_not_take_is_not_sent(
    ask: Ask, github: GitHub, fields: dict[str, Any], words: list[str]
) -> None:
    """The error has what the field takes, or which fields there are; GitHub is asked for the fields alone."""
    item = roadmap(github).items[0].id
    answer = await ask("projects_write", **ROADMAP, method="update_project_item", item=item, fields=fields)
    assert answer.is_error
    for part in words:
        assert part in answer.text
    assert {one["method"] for one in github.app.controls.log.entries} <= {"GET"}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("projects_list", {"method": "get_project"}),
        ("projects_list", {"method": "get_project_item", "project": 1}),
        ("projects_list", {"method": "list_project_items", "project": 1, "item": 3}),
        ("projects_write", {"method": "add_project_item", "project": 1, "issue": 4}),
        ("projects_write", {"method": "update_project_item", "project": 1, "item": 3}),
        ("projects_write", {"method": "update_project_item", "project": 1, "fields": {"Status": "Done"}}),
    ],
)
async def test_a_senseless_call_is_not_sent(ask: Ask, github: GitHub, tool: str, arguments: dict[str, Any]) -> None:
    """Arguments that do not fit the method are refused before anything is sent."""
    assert (await ask(tool, owner="octo-org", **arguments)).is_error
    assert not github.app.controls.log.entries


async def test_to_take_an_item_away_is_dangerous(open_tools: OpenTools, ask: Ask, github: GitHub) -> None:
    """The tool is shown to whom an operator opens it; the issue itself stays."""
    item, issue = roadmap(github).items[0], github.app.stand_in.world.named("octo-org/planning").issues[2]
    assert (await ask("delete_project_item", **ROADMAP, item=item.id)).is_error
    client = await open_tools(**EVERYTHING)
    answer = said(await client.call_tool_mcp("delete_project_item", {**ROADMAP, "item": item.id}))
    assert not answer.is_error, answer.text
    assert 'octo-org/planning#2 closed "Speak Finnish"' in answer.text
    assert item not in roadmap(github).items
    assert not issue.deleted


async def test_items_outside_the_grant_are_left_out_and_counted(open_tools: OpenTools, github: GitHub) -> None:
    """A grant for an organization shows its projects without what is another owner's: to read, to find, to change."""
    grant = Bound(resources={"repositories": ["octo-org/*"]}, mode=Mode.write)
    client = await open_tools(Caller("run", grant, token="t"), **EVERYTHING)

    async def asking(tool: str, **arguments: Any) -> str:
        return said(await client.call_tool_mcp(tool, arguments)).text

    listed = await asking("projects_list", **ITEMS)
    assert listed.startswith("4 items of project 1 of octo-org, each with its id: 1 outside this caller's grant")
    assert "hello-world" not in listed
    item = roadmap(github).items[3].id
    set_ = {"method": "update_project_item", "fields": {"Status": "Done"}}
    assert "outside this caller's grant" in await asking(
        "projects_list", **ROADMAP, method="get_project_item", item=item
    )
    assert "outside this caller's grant" in await asking("projects_write", **ROADMAP, **set_, item=item)
    assert "outside this caller's grant" in await asking("delete_project_item", **ROADMAP, item=item)
    assert len(roadmap(github).items) == 5
    one = Bound(resources={"repositories": ["octo-org/planning"]}, mode=Mode.write)
    narrow = await open_tools(Caller("run", one, token="t"))
    assert said(await narrow.call_tool_mcp("projects_list", {"owner": "octo-org"})).is_error
