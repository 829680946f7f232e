"""Milestones, types, sub-issues and reactions against the stand-in GitHub; one label or person more or less."""

import re
from typing import Any

import pytest
from agent_contracts import Mode
from github_mcp.models.threads import Issue
from mcp_kit.caller import Caller
from service_kit.grants import Bound
from stand_ins.github.records import Repository
from stand_ins.kit.faults import Fault, Match
from vendor.github_mcp.conftest import HELLO, Ask, GitHub, OpenTools, said

PLANNING = "octo-org/planning"
EPIC = {"repository": PLANNING, "issue": 1}


def planning(github: GitHub) -> Repository:
    """Return the repository octo-org/planning, as the stand-in holds it."""
    return github.app.stand_in.world.named(PLANNING)


async def test_milestones_are_listed_with_their_progress(ask: Ask) -> None:
    """A row has number, state, title, how much is open, and when it is due."""
    answer = await ask("list_milestones", repository=PLANNING, state="all")
    assert '2 open "Third release", 1 open, 0 closed, due 2026-12-15: "Before the holidays"' in answer.text
    assert '1 closed "Second release", 0 open, 1 closed' in answer.text
    assert answer.text.startswith(f"2 milestones of {PLANNING} (state all), each with its number and title:")
    assert (await ask("list_milestones", repository=HELLO)).text == f"0 milestones of {HELLO} (state open)."


async def test_types_are_listed(ask: Ask) -> None:
    """An organization's repository has types; of another it is said that it has none."""
    assert '"Bug" "Something does not work"' in (await ask("list_issue_types", repository=PLANNING)).text
    answer = await ask("list_issue_types", repository=HELLO)
    assert answer.is_error
    assert "its owner is no organization" in answer.text


async def test_an_issue_tells_what_it_is_planned_by(ask: Ask) -> None:
    """Type, milestone, sub-issues, parent and reactions stand in an issue's facts, where there are any."""
    epic, estonian, bug = [(await ask("issue_read", repository=PLANNING, issue=number)).text for number in (1, 3, 4)]
    assert "1 of 2 sub-issues closed" in epic
    assert f'milestone "Third release", 1 comments, sub-issue of {PLANNING}#1' in estonian
    assert 'type "Bug", labels "bug", reactions +1 2 heart 1' in bug
    comments = await ask("issue_read", repository=PLANNING, issue=3, method="get_comments")
    assert "reactions rocket 1" in comments.text


async def test_sub_issues_and_parent_are_read(ask: Ask) -> None:
    """Sub-issues come in their order, each with its repository; a parent is found from below."""
    answer = await ask("issue_read", **EPIC, method="get_sub_issues")
    assert re.findall(rf"(?m)^{PLANNING}#(\d+) ", answer.text) == ["2", "3"]
    assert f"{PLANNING}#1 open" in (await ask("issue_read", repository=PLANNING, issue=2, method="get_parent")).text
    assert "is no sub-issue" in (await ask("issue_read", **EPIC, method="get_parent")).text


async def test_pull_requests_of_an_issue_are_told_apart(ask: Ask, github: GitHub) -> None:
    """Which say that they close it, and which mention it alone; what REST does not tell is said."""
    bug = await ask("issue_read", repository=PLANNING, issue=4, method="get_pull_requests")
    assert bug.text.startswith(f"1 pull requests mention {PLANNING}#4; 1 of them say that they close it.")
    assert f"{PLANNING}#5 open" in bug.text
    epic = await ask("issue_read", **EPIC, method="get_pull_requests")
    assert "0 of them say that they close it" in epic.text
    assert "a person made by hand is not told" in epic.text


@pytest.mark.parametrize(
    ("body", "closes"),
    [
        ("Fixes #4", True),
        ("closes: octo-org/planning#4", True),
        ("Resolved https://github.com/octo-org/planning/issues/4.", True),
        ("fix octocat/hello-world#4", False),
        ("Fixes #44", False),
        ("prefixes #4", False),
        ("See #4", False),
    ],
)
def test_what_closes_an_issue_is_githubs_words(body: str, closes: bool) -> None:
    """A keyword before the issue's number, name or address closes it, as GitHub documents it."""
    now = "2026-01-31T00:00:00Z"
    pull = Issue.model_validate(
        {
            "number": 5,
            "title": "x",
            "state": "open",
            "body": body,
            "created_at": now,
            "updated_at": now,
            "repository_url": f"https://api.github.com/repos/{PLANNING}",
        }
    )
    assert pull.says_it_closes(PLANNING, 4) is closes


async def test_a_sub_issue_is_added_moved_and_removed(ask: Ask, github: GitHub) -> None:
    """By their numbers an issue becomes a sub-issue, stands elsewhere in the order, and is none again."""
    world = planning(github)

    def order() -> list[int]:
        return [one.number for one in world.issues[1].sub_issues]

    added = await ask("sub_issue_write", **EPIC, method="add", sub_issue=4)
    assert added.text == f"{PLANNING}#4 is now a sub-issue of {PLANNING}#1. {github.url}/{PLANNING}/issues/4"
    assert order() == [2, 3, 4]
    await ask("sub_issue_write", **EPIC, method="reprioritize", sub_issue=4, before=2)
    assert order() == [4, 2, 3]
    await ask("sub_issue_write", **EPIC, method="reprioritize", sub_issue=4, after=3)
    assert order() == [2, 3, 4]
    await ask("sub_issue_write", **EPIC, method="remove", sub_issue=4)
    assert order() == [2, 3]


async def test_what_github_refuses_of_sub_issues_is_told(ask: Ask) -> None:
    """An issue with another parent is taken from it only on demand; another owner's is refused in GitHub's words."""
    nested = {"repository": PLANNING, "issue": 4, "method": "add", "sub_issue": 2}
    refused = await ask("sub_issue_write", **nested)
    assert refused.is_error
    assert "Sub issue may only have one parent" in refused.text
    assert not (await ask("sub_issue_write", **nested, replace_parent=True)).is_error
    elsewhere = await ask("sub_issue_write", **EPIC, method="add", sub_issue=1, sub_repository=HELLO)
    assert "must belong to the same owner" in elsewhere.text


async def test_a_sub_issue_outside_the_grant_is_not_asked_for(open_tools: OpenTools, github: GitHub) -> None:
    """Both repositories are checked, also where the second is given besides."""
    grant = Bound(resources={"repositories": [PLANNING]}, mode=Mode.write)
    client = await open_tools(Caller("run", grant, token="t"))
    arguments = {**EPIC, "method": "add", "sub_issue": 1, "sub_repository": HELLO}
    answer = said(await client.call_tool_mcp("sub_issue_write", arguments))
    assert "outside this caller's grant; nothing was sent" in answer.text
    assert not github.app.controls.log.entries


@pytest.mark.parametrize(
    "arguments",
    [
        {"method": "reprioritize"},
        {"method": "reprioritize", "after": 2, "before": 3},
        {"method": "add", "after": 2},
        {"method": "remove", "replace_parent": True},
    ],
)
async def test_a_senseless_change_of_sub_issues_is_not_sent(
    ask: Ask, github: GitHub, arguments: dict[str, Any]
) -> None:
    """Arguments that do not fit the method are refused before anything is sent."""
    assert (await ask("sub_issue_write", **EPIC, sub_issue=2, **arguments)).is_error
    assert not github.app.controls.log.entries


async def test_labels_and_people_are_added_and_removed_one_by_one(ask: Ask, github: GitHub) -> None:
    """What others set stays: neither the other labels nor the other assignees are touched, nor sent."""
    hello = github.hello.issues[3]
    answer = await ask(
        "issue_write", repository=HELLO, method="update", issue=3, add_labels=["bug"], remove_labels=["enhancement"],
        add_assignees=["mona-example"],
    )  # fmt: skip
    assert not answer.is_error, answer.text
    assert [one.name for one in hello.labels] == ["area: translations", "bug"]
    assert [one.login for one in hello.assignees] == ["mona-example"]
    assert "PATCH" not in {one["method"] for one in github.app.controls.log.entries}
    answer = await ask("issue_write", repository=HELLO, method="update", issue=3, remove_assignees=["mona-example"])
    assert hello.assignees == []
    assert answer.text.startswith(f"{HELLO}#3 was updated; it is now: {github.url}/{HELLO}/issues/3")


async def test_a_failure_says_what_was_done_before_it(ask: Ask, github: GitHub) -> None:
    """Of several writes the first that fails ends the call, which tells what is done already."""
    answer = await ask(
        "issue_write", repository=HELLO, method="update", issue=3, title="New", remove_labels=["question"]
    )
    assert answer.is_error
    assert answer.text.startswith("Before this failed, the fields were updated.")
    assert "does not have this label" in answer.text
    assert github.hello.issues[3].title == "New"


async def test_a_dry_run_shows_every_request(open_tools: OpenTools, github: GitHub) -> None:
    """Several writes of a call are shown, and none is sent."""
    client = await open_tools(DRY_RUN="true")
    arguments = {"repository": HELLO, "method": "update", "issue": 3, "title": "New", "add_labels": ["bug"]}
    answer = said(await client.call_tool_mcp("issue_write", arguments))
    assert "PATCH /repos/octocat/hello-world/issues/3" in answer.text
    assert "POST /repos/octocat/hello-world/issues/3/labels" in answer.text
    assert github.hello.issues[3].title != "New"


@pytest.mark.parametrize(
    ("given", "number"), [(2, 2), ("2", 2), ("third release", 2), ("Second release", 1), (0, None)]
)
async def test_a_milestone_is_named_by_number_or_title(
    ask: Ask, github: GitHub, given: Any, number: int | None
) -> None:
    """A milestone is found by either; 0 takes the issue out of it."""
    issue = planning(github).issues[3]
    answer = await ask("issue_write", repository=PLANNING, method="update", issue=3, milestone=given)
    assert not answer.is_error, answer.text
    assert (issue.milestone.number if issue.milestone else None) == number


async def test_a_milestone_that_is_not_unique_is_not_guessed(ask: Ask, github: GitHub) -> None:
    """Where a title is another one's number, or nobody's, nothing is sent, and what there is is told."""
    planning(github).milestones[1].title = "2"
    ask_for = {"repository": PLANNING, "method": "update", "issue": 3}
    several = await ask("issue_write", **ask_for, milestone="2")
    assert several.is_error
    assert "2 milestones of octo-org/planning fit; nothing was sent." in several.text
    unknown = await ask("issue_write", **ask_for, milestone="Fourth release")
    assert 'has no milestone "Fourth release"; nothing was sent.' in unknown.text


async def test_a_type_is_set_and_taken_away(ask: Ask, github: GitHub) -> None:
    """A type is set by its name, and an empty name takes it away; an unknown one is refused."""
    issue = planning(github).issues[3]
    write = {"repository": PLANNING, "method": "update", "issue": 3}
    await ask("issue_write", **write, type="Task")
    assert issue.type is not None
    assert issue.type.name == "Task"
    await ask("issue_write", **write, type="")
    assert issue.type is None
    assert (
        "Take a type that the organization has: list_issue_types (toolset issue_depth) shows them."
        in (await ask("issue_write", **write, type="Epic")).text
    )


async def test_what_a_reader_could_not_set_is_told(open_tools: OpenTools, github: GitHub) -> None:
    """GitHub drops milestone and type of a new issue without push access: the answer names both."""
    planning(github).roles.clear()
    client = await open_tools()
    arguments = {"repository": PLANNING, "method": "create", "title": "x", "milestone": 2, "type": "Task"}
    answer = said(await client.call_tool_mcp("issue_write", arguments))
    assert answer.is_error
    assert "milestone is still none" in answer.text
    assert "type is still none" in answer.text


async def test_a_reaction_is_given_once_and_taken_back(ask: Ask, github: GitHub) -> None:
    """A repeat changes nothing, and only the own reaction is taken back."""
    issue, comment = planning(github).issues[4], planning(github).issues[3].comments[0]
    react = {"repository": PLANNING, "issue": 4, "content": "heart"}
    for _ in range(2):
        assert not (await ask("add_reaction", **react)).is_error
    assert [one.user.login for one in issue.reactions if one.content == "heart"] == ["sam-example", "agent-bot"]
    await ask("add_reaction", **react, remove=True)
    assert [one.user.login for one in issue.reactions if one.content == "heart"] == ["sam-example"]
    assert "no reaction heart of ours" in (await ask("add_reaction", **react, remove=True)).text
    of_comment = {"repository": PLANNING, "issue": 3, "comment": comment.id, "content": "rocket"}
    await ask("add_reaction", **of_comment, remove=True)
    assert comment.reactions == []


async def test_an_app_does_not_guess_which_reaction_is_its_own(ask: Ask, github: GitHub) -> None:
    """GitHub names no account for an app's token, so that no reaction is taken back with one."""
    for token in github.app.stand_in.world.tokens.values():
        token.installation = True
    answer = await ask("add_reaction", repository=PLANNING, issue=4, content="heart", remove=True)
    assert answer.is_error
    assert "GitHub App's" in answer.text
    assert len(planning(github).issues[4].reactions) == 3


async def test_a_lost_change_of_labels_happens_once(ask: Ask, github: GitHub) -> None:
    """A reply that is lost is told as perhaps done, and nothing is sent again."""
    github.app.controls.gate.faults.append(Fault(fault="apply_then_drop", match=Match(method="POST")))
    answer = await ask("issue_write", repository=HELLO, method="update", issue=3, add_labels=["bug"])
    assert answer.is_error
    assert "may have been done" in answer.text
    assert len([one for one in github.app.controls.log.entries if one["method"] == "POST"]) == 1


async def test_a_reaction_is_to_a_comment_of_the_issue_that_is_named(ask: Ask, github: GitHub) -> None:
    """The id of a comment on another issue is refused unsent; the reply has the address of the comment."""
    comment = planning(github).issues[3].comments[0]
    asked = {"repository": PLANNING, "content": "heart", "comment": comment.id}
    other = await ask("add_reaction", **asked, issue=4)
    assert (other.is_error, f"is not one of {PLANNING}#4; nothing was sent" in other.text) == (True, True), other.text
    assert [one.content for one in comment.reactions] == ["rocket"]
    answer = await ask("add_reaction", **asked, issue=3)
    assert f"/{PLANNING}/issues/3#issuecomment-{comment.id}" in answer.text


async def test_the_order_is_told_by_sub_issues_of_the_named_repository(ask: Ask, github: GitHub) -> None:
    """Sub-issues of two repositories may have the same number: the one beside the moved one's repository is meant."""
    epic, own = planning(github).issues[1], planning(github).issues[3]
    other = github.hello.issues[3]
    epic.sub_issues.insert(0, other)
    other.parent = epic
    await ask("sub_issue_write", **EPIC, method="reprioritize", sub_issue=2, after=3)
    assert epic.sub_issues.index(planning(github).issues[2]) == epic.sub_issues.index(own) + 1


async def test_what_is_no_sub_issue_is_told(ask: Ask) -> None:
    """GitHub answers 404 to the removal of an issue that is none of the parent's: the parent is there all the same."""
    answer = await ask("sub_issue_write", **EPIC, method="remove", sub_issue=5)
    assert f"GitHub knows no {PLANNING}#5 among the sub-issues of {PLANNING}#1" in answer.text
    assert "get_sub_issues" in answer.text
