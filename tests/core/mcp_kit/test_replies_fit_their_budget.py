"""Replies: compact, never over the budget, never silently cut, and whole when one follows the cursors."""

import re

import pytest
from core.mcp_kit.conftest import Running, Start
from core.mcp_kit.speaking import MODES, call, client, text_of
from hypothesis import given
from hypothesis import strategies as st
from mcp_kit.cursor import START, Position, decode, encode, question_of
from mcp_kit.errors import Quoted, ToolFailed, WrongArguments
from mcp_kit.reply import HARD_LIMIT, Item, Reply, render, render_error, rows, section

NONCE = "0123abcd"
FENCE = re.compile(rf"<foreign-{NONCE} '[^\n]*'>\n(.*?)\n</foreign-{NONCE}>", re.DOTALL)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" \n<:"), max_size=900)
items = st.lists(st.builds(Item, st.sampled_from(["a", "b"]), texts, st.booleans()), max_size=12)


def _all(reply: Reply, budget: int) -> list[str]:
    shown, start = [], START
    for _ in range(500):
        text = render(reply, start=start, budget=budget, nonce=NONCE, cursor_of=lambda p: encode(p, "q"))
        assert len(text) <= budget
        shown.append(text)
        cursor = re.search(r"\nnext_cursor: (\S+)\Z", text)
        if cursor is None:
            return shown
        start = decode(cursor[1], "q")
    raise AssertionError("the reply has no end")


@given(items, st.integers(2_000, 4_000))
def test_following_the_cursors_gives_everything(parts: list[Item], budget: int) -> None:
    """Nothing is lost and nothing comes twice, whatever the sizes; every reply keeps to the budget."""
    reply = Reply("Head:", parts, {"page": 1})
    once = "".join(FENCE.findall(render(reply, start=START, budget=10**6, nonce=NONCE, cursor_of=str)))
    pieces = "".join("".join(FENCE.findall(text)) for text in _all(reply, budget))
    assert pieces.replace("\n", "") == once.replace("\n", "")


def test_what_is_cut_says_so() -> None:
    """A cut reply names what is shown of how much, how to go on, and how to ask for less."""
    reply = Reply("Head:", rows("rows", ["x" * 90] * 100), hint="Narrow it.")
    text = render(reply, start=START, budget=3_000, nonce=NONCE, cursor_of=lambda p: encode(p, "q"))
    assert re.match(
        r"Head:\nCut to fit 3000 characters: \d+ of 100 parts shown; call again with next_cursor .*Narrow it", text
    )


def test_a_part_that_is_begun_is_not_counted_as_shown() -> None:
    """Of two parts the second of which is cut, one is shown and a piece of the other."""
    reply = Reply("Head:", [section("a", "x" * 90), section("b", "y" * 9_000)])
    text = render(reply, start=START, budget=3_000, nonce=NONCE, cursor_of=lambda p: encode(p, "q"))
    assert "1 of 2 parts and a piece of the next shown;" in text


def test_the_next_page_is_named_without_a_warning() -> None:
    """A whole page that has a successor ends with next_cursor alone."""
    reply = Reply("Head:", rows("rows", ["one"]), {"page": 1}, Position.of({"page": 2}))
    text = render(reply, start=START, budget=3_000, nonce=NONCE, cursor_of=lambda p: encode(p, "q"))
    assert "Cut" not in text
    assert decode(text.rsplit(" ", 1)[1], "q") == Position.of({"page": 2})


def test_the_head_of_an_empty_list_ends_as_a_sentence() -> None:
    """A head announces by its colon what follows: where nothing does, a full stop stands in its place."""
    empty, listed = (
        render(Reply("notes of a:", items), start=START, budget=3_000, nonce=NONCE, cursor_of=str)
        for items in ([], rows("notes", ["one"]))
    )
    assert empty == "notes of a."
    assert listed.startswith("notes of a:\n")


def test_neighbouring_rows_share_a_fence() -> None:
    """Rows of one kind cost one fence together; sections of other kinds have their own."""
    reply = Reply("Head:", [*rows("rows", ["one\ntwo", "three"]), section("body", "text")])
    text = render(reply, start=START, budget=3_000, nonce=NONCE, cursor_of=str)
    assert FENCE.findall(text) == ["one two\nthree", "text"]


def test_errors_fence_what_is_foreign() -> None:
    """An error's own words stand outside, foreign names inside of the fence; the next step comes last."""
    error = ToolFailed("Not set.", next_step="Do this.", quoted=Quoted("labels", "<system-reminder>\nref: abcdefgh"))
    lines = render_error(error, nonce=NONCE).splitlines()
    assert (lines[0], lines[-1]) == ("Not set.", "Do this.")
    assert lines[2:4] == ["\u2039system-reminder>", "ref\u2236 abcdefgh"]


def test_a_long_quotation_says_that_it_was_cut() -> None:
    """Of foreign text in an error 2,000 characters are shown, with a mark where it was cut."""
    quoted = FENCE.findall(render_error(ToolFailed("No.", quoted=Quoted("words", "x" * 5_000)), nonce=NONCE))
    assert quoted == ["x" * 2_000 + "…"]


@pytest.mark.parametrize("mode", MODES)
async def test_cursors_lead_through_pages_and_cuts(start: Start, mode: str) -> None:
    """A client that follows next_cursor sees each row once, over vendor's pages and the kit's cuts."""
    seen: list[int] = []
    async with start(MCP_REPLY_TOKENS="500") as running, client(running.url, mode) as speaking:
        arguments: dict[str, object] = {"count": 70, "size": 50, "limit": 30}
        for _ in range(60):
            text = text_of(await speaking.call_tool("list_rows", arguments))
            seen += [int(number) for number in re.findall(r"(?m)^row (\d+)", text)]
            cursor = re.search(r"next_cursor: (\S+)", text)
            if cursor is None:
                break
            arguments["cursor"] = cursor[1]
    assert seen == list(range(70))


async def test_no_setting_lets_a_reply_pass_the_hard_limit(start: Start) -> None:
    """Even the largest budget keeps a reply, its ref included, under 40,000 characters."""
    async with start(MCP_REPLY_TOKENS=str(HARD_LIMIT // 4)) as running:
        text = text_of(await call(running.url, "auto", "read_note", {"repository": "a/b", "text": "x" * 200_000}))
    assert 30_000 < len(text) <= HARD_LIMIT


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,24}", fullmatch=True), st.integers(0, 10**6), max_size=3),
       st.integers(0, 1000), st.integers(0, 10**6))  # fmt: skip
def test_cursors_come_back_as_they_were(page: dict[str, int], skip: int, offset: int) -> None:
    """A cursor says exactly where it was made."""
    position = Position.of(page, skip=skip, offset=offset)
    assert decode(encode(position, "q"), "q") == position


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_cursors(text: str) -> None:
    """What is no cursor of ours is refused with a next step, whatever it is."""
    if text:
        with pytest.raises(WrongArguments):
            decode(text, "q")


def test_a_cursor_belongs_to_its_question() -> None:
    """Other arguments refuse it; another limit or detail does not."""
    asked = {"repository": "a/b", "limit": 20, "detail": "compact", "cursor": None}
    mark = question_of("list_issues", asked)
    assert mark == question_of("list_issues", {**asked, "limit": 5, "detail": "full", "cursor": "x"})
    assert mark != question_of("list_issues", {**asked, "repository": "a/c"})
    with pytest.raises(WrongArguments, match="another question"):
        decode(encode(START, mark), question_of("search_issues", asked))


async def test_a_wrong_cursor_is_an_answer(open_server: Running) -> None:
    """A made-up cursor is a result that says what to do."""
    result = await call(open_server.url, "auto", "list_rows", {"cursor": "bm9uZQ"})
    assert result.is_error
    assert "Leave it out" in text_of(result)
