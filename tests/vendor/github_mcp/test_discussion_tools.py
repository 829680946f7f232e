"""Discussions against the stand-in GitHub: found by category and state, read whole, and commented on."""

import re
from typing import Any

import pytest
from stand_ins.github.discussions import Discussion, DiscussionComment
from stand_ins.github.shapes.account import node_id
from stand_ins.kit.faults import Fault
from vendor.github_mcp.conftest import HELLO, READER, Ask, GitHub, OpenTools, said

PLANNING = "octo-org/planning"
QUESTION = {"repository": PLANNING, "discussion": 101}


def question(github: GitHub) -> Discussion:
    """Return the discussion 101 of octo-org/planning, as the stand-in holds it."""
    return github.app.stand_in.world.named(PLANNING).discussions[101]


async def test_discussions_are_listed_the_last_updated_first(ask: Ask) -> None:
    """A row has number, state, title, author, category, and whether it is answered; the head counts all."""
    answer = await ask("list_discussions", repository=PLANNING)
    first, second = [line for line in answer.text.splitlines() if line.startswith("#")]
    assert answer.text.startswith(f"2 discussions of 2 of {PLANNING} (state open, desc by updated)")
    assert first.startswith('#102 open "Greet by the time of day" by kim-example (NONE), in "Ideas", 1 comments')
    assert 'in "Q&A", answered, 2 comments' in second


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ({"state": "closed"}, [103]),
        ({"state": "all", "sort": "created", "direction": "asc"}, [103, 101, 102]),
        ({"category": "ideas", "state": "all"}, [102, 103]),
        ({"category": "Q&A"}, [101]),
        ({"answered": True, "state": "all"}, [101]),
        ({"answered": False}, [102]),
    ],
)
async def test_discussions_are_filtered(ask: Ask, arguments: dict[str, Any], numbers: list[int]) -> None:
    """By state, by a category's name or slug, and by whether there is an answer."""
    answer = await ask("list_discussions", repository=PLANNING, detail="brief", **arguments)
    lines = [line for line in answer.text.splitlines() if line.startswith("#")]
    assert [int(line[1:4]) for line in lines] == numbers


async def test_an_unknown_category_names_those_that_there_are(ask: Ask) -> None:
    """The error has the categories, to take one of them."""
    answer = await ask("list_discussions", repository=PLANNING, category="Gossip")
    assert answer.is_error
    assert '"Q&A" "Ideas"' in answer.text


async def test_categories_are_listed(ask: Ask) -> None:
    """Each with what it is for, and whether it takes an answer."""
    answer = await ask("list_discussion_categories", repository=PLANNING)
    assert '"Q&A", takes an answer: "Ask the crew for help"' in answer.text
    assert answer.text.startswith(f"2 discussion categories of {PLANNING}")


@pytest.mark.parametrize("tool", ["list_discussions", "list_discussion_categories"])
async def test_a_repository_without_discussions_says_so(ask: Ask, tool: str) -> None:
    """An empty list would read as if nobody had asked anything."""
    answer = await ask(tool, repository=HELLO)
    assert answer.is_error
    assert f"Discussions are switched off in {HELLO}" in answer.text


async def test_a_discussion_is_read_with_its_answer(ask: Ask) -> None:
    """Facts, text and the chosen answer come in one call, with the address and the number of comments."""
    answer = await ask("get_discussion", **QUESTION)
    assert answer.text.startswith(f"Discussion {PLANNING}#101, https://github.com/{PLANNING}/discussions/101:")
    assert "The README does not say where the words go." in answer.text
    assert "Copy languages/en.txt" in answer.text
    assert "get_discussion_comments gives its 2 comments" in answer.text


async def test_comments_come_with_their_replies_to_the_end(ask: Ask, github: GitHub) -> None:
    """A page has each comment with its id and the replies to it; the cursor leads to the last one."""
    first = await ask("get_discussion_comments", **QUESTION, limit=1)
    assert "by sam-example (COLLABORATOR)" in first.text
    cursor = re.search(r"next_cursor: (\S+)", first.text)
    assert cursor
    last = await ask("get_discussion_comments", **QUESTION, limit=1, cursor=cursor[1])
    answer = question(github).answer
    assert answer is not None
    assert f'answer "{node_id("DC", answer.id)}" by mona-example' in last.text
    assert "reply by lin-example (NONE), 2026-09-10T11:00Z\nThank you!" in last.text
    assert "next_cursor" not in last.text


async def test_replies_that_are_not_read_are_counted(ask: Ask, github: GitHub) -> None:
    """GitHub gives the first 100 replies to a comment: how many more there are is said."""
    comment = question(github).comments[0]
    comment.replies = [
        DiscussionComment(9_000 + number, "x", comment.user, comment.created_at) for number in range(103)
    ]
    answer = await ask("get_discussion_comments", **QUESTION, limit=1)
    where = f"https://github.com/{PLANNING}/discussions/101#discussioncomment-{comment.id}"
    assert f"(3 more replies are at {where})" in answer.text


async def test_a_discussion_that_is_not_there_is_told(ask: Ask) -> None:
    """The error names the tool that lists those that are."""
    for tool in ("get_discussion", "get_discussion_comments"):
        answer = await ask(tool, repository=PLANNING, discussion=4)
        assert answer.is_error
        assert f"GitHub knows no discussion {PLANNING}#4" in answer.text
        assert "list_discussions" in answer.text


async def test_a_comment_and_a_reply_are_written(ask: Ask, github: GitHub) -> None:
    """A comment stands at the end of the discussion, a reply below its comment; the reply has the address."""
    added = await ask("discussion_comment_write", **QUESTION, method="add", body="Seen.")
    last = question(github).comments[-1]
    where = f"https://github.com/{PLANNING}/discussions/101#discussioncomment-{last.id}"
    assert added.text == f'Comment "{node_id("DC", last.id)}" was added to discussion {PLANNING}#101: {where}'
    parent = node_id("DC", last.id)
    replied = await ask("discussion_comment_write", **QUESTION, method="reply", body="Indeed.", reply_to=parent)
    assert not replied.is_error, replied.text
    assert [one.body for one in last.replies] == ["Indeed."]


async def test_a_reply_to_a_reply_is_refused_in_githubs_words(ask: Ask, github: GitHub) -> None:
    """GitHub takes one level of replies."""
    reply = question(github).comments[1].replies[0]
    answer = await ask(
        "discussion_comment_write", **QUESTION, method="reply", body="x", reply_to=node_id("DC", reply.id)
    )
    assert answer.is_error
    assert "already in a thread" in answer.text


async def test_a_reply_stays_in_the_discussion_that_is_named(ask: Ask, github: GitHub) -> None:
    """The id of a comment on another discussion, or of none, is refused before anything is written."""
    other = question(github).comments[0]
    asked = {"repository": PLANNING, "discussion": 102, "method": "reply", "body": "x"}
    for comment, words in (
        (node_id("DC", other.id), f"of another discussion than {PLANNING}#102; nothing was written"),
        ("DC_nobody", "or no such comment in it (404); nothing was written"),
    ):
        answer = await ask("discussion_comment_write", **asked, reply_to=comment)
        assert (answer.is_error, words in answer.text) == (True, True), answer.text
        assert "get_discussion_comments" in answer.text
    sent = [one["body"]["query"] for one in github.app.controls.log.entries if one["path"] == "/graphql"]
    assert not [query for query in sent if query.startswith("mutation")]


async def test_a_deleted_accounts_discussion_is_read(ask: Ask, github: GitHub) -> None:
    """GitHub names no author of what a deleted account wrote: a discussion, its answer, comments and replies."""
    found, ghost = question(github), github.app.stand_in.world.user("ghost")
    found.user = ghost
    for comment in (*found.comments, *found.comments[1].replies):
        comment.user = ghost
    for tool in ("get_discussion", "get_discussion_comments"):
        answer = await ask(tool, **QUESTION)
        assert (answer.is_error, "by ghost" in answer.text) == (False, True), answer.text
    assert "by ghost" in (await ask("list_discussions", repository=PLANNING)).text


async def test_scopes_that_a_token_lacks_are_named_in_githubs_words(ask: Ask, github: GitHub) -> None:
    """GraphQL names them in its message alone, which is quoted beside the next step."""
    words = "The 'id' field requires one of the following scopes: ['write:discussion']."
    told = {"data": {"repository": None}, "errors": [{"type": "INSUFFICIENT_SCOPES", "message": words, "path": ["x"]}]}
    for tool, arguments in (
        ("get_discussion", {}),
        ("discussion_comment_write", {"method": "add", "body": "x"}),
    ):
        github.app.controls.gate.faults.append(Fault(fault="status", status=200, body=told))
        answer = await ask(tool, **QUESTION, **arguments)
        assert (answer.is_error, words in answer.text) == (True, True), answer.text
        assert "lacks Discussions (read and write)" in answer.text


@pytest.mark.parametrize("arguments", [{"method": "reply"}, {"method": "add", "reply_to": "DC_x"}])
async def test_a_senseless_comment_is_not_sent(ask: Ask, github: GitHub, arguments: dict[str, Any]) -> None:
    """A reply needs what it answers, a comment answers nothing."""
    assert (await ask("discussion_comment_write", **QUESTION, body="x", **arguments)).is_error
    assert not github.app.controls.log.entries


async def test_a_locked_discussion_names_the_permission(open_tools: OpenTools) -> None:
    """Who may only read cannot comment there: the error says what is missing."""
    client = await open_tools(GITHUB_TOKEN=READER)
    arguments = {"repository": PLANNING, "discussion": 103, "method": "add", "body": "x"}
    answer = said(await client.call_tool_mcp("discussion_comment_write", arguments))
    assert answer.is_error
    assert "lacks Discussions (read and write), or that it is locked" in answer.text


async def test_the_peers_arguments_are_taken(ask: Ask) -> None:
    """github-mcp-server's names lead to the same discussion."""
    answer = await ask("get_discussion", owner="octo-org", repo="planning", discussionNumber=101)
    assert "How do I add a language?" in answer.text
