"""Code search, commits, branches, tags, trees and comparisons against the stand-in GitHub."""

import re
from datetime import UTC, datetime

import pytest
from stand_ins.github.routes import commits
from vendor.github_mcp.conftest import HELLO, Ask, GitHub, OpenTools, said

ROW = re.compile(r"(?m)^([0-9a-f]{10}) (\S+) (\S+)( merge)? \"(.*)\"$")


async def test_code_is_found_with_its_lines(ask: Ask, github: GitHub) -> None:
    """Each file comes with the lines in which the words stand; full gives the whole fragments, brief none."""
    found = await ask("search_code", repository=HELLO, query="GREETINGS path:hello")
    assert found.text.startswith(f"1 of 1 files found in {HELLO}:")
    assert '"hello/greet.py"\n  | GREETINGS = {"en": "Hello"' in found.text
    brief, full = [
        (await ask("search_code", repository=HELLO, query="greetings", detail=detail)).text
        for detail in ("brief", "full")
    ]
    assert "  | " not in brief
    assert len(full) > len(found.text) > len(brief)
    assert not (await ask("search_code", repository=HELLO, query="nowhere_at_all")).is_error


async def test_code_of_another_repository_is_not_found(ask: Ask) -> None:
    """A query cannot leave the repository, whichever qualifier it takes."""
    for query in ("Launch repo:octocat/secret-plans", "Launch user:octocat", "org:octocat x", "a OR b"):
        refused = await ask("search_code", repository=HELLO, query=query)
        assert (refused.is_error, "nothing was sent" in refused.text) == (True, True), query
    found = await ask("search_code", repository=HELLO, query="Launch")
    assert found.text.startswith("0 of 0 files")


async def test_a_code_search_without_a_word_is_explained(ask: Ask) -> None:
    """GitHub wants a word: its own reason is quoted, with what to do."""
    refused = await ask("search_code", repository=HELLO, query="extension:py")
    assert refused.is_error
    assert "one search term" in refused.text
    assert "Correct the search text" in refused.text


async def test_a_long_commit_is_continued_whole(ask: Ask, github: GitHub, open_tools: OpenTools) -> None:
    """A reply that its budget cut goes on with the next file: none is lost, and none comes twice."""
    history = github.hello.history
    files = {f"many/{number:02}.txt": b"a line\n" * 40 for number in range(60)}
    history.add(
        "main", message="Add many", author=github.hello.owner, at=datetime(2026, 11, 1, tzinfo=UTC), files=files
    )
    client = await open_tools(MCP_REPLY_TOKENS="2000")
    seen = ""
    cursor: dict[str, str] = {}
    for _ in range(30):
        asked = {"repository": HELLO, "ref": "main", "detail": "full", **cursor}
        answer = said(await client.call_tool_mcp("get_commit", asked))
        assert not answer.is_error, answer.text
        seen += answer.text
        if "next_cursor: " not in answer.text:
            break
        cursor = {"cursor": answer.text.rpartition("next_cursor: ")[2]}
    assert [seen.count(f'"{name}"') for name in files] == [1] * len(files)


async def test_commits_are_listed_by_ref_path_author_and_time(ask: Ask) -> None:
    """Each filter is GitHub's, and a row says id, author, moment and the first line of the message."""
    every = ROW.findall((await ask("list_commits", repository=HELLO)).text)
    assert [row[4] for row in every] == [
        "Describe how the program is used",
        "Greet in French and German (#7)",
        "Keep settings in the home folder",
        "Greet people by name",
    ]
    assert every[0][1:3] == ("octocat", "2026-09-15T08:00Z")
    for arguments, number in (
        ({"sha": "v2.2.0"}, 2),
        ({"path": "hello/greet.py"}, 2),
        ({"author": "mona-example"}, 1),
        ({"since": "2026-09-01"}, 2),
        ({"until": "2026-08-10"}, 1),
        ({"ref": "file-per-language", "limit": 3}, 3),
    ):
        answer = await ask("list_commits", repository=HELLO, **arguments)
        assert len(ROW.findall(answer.text)) == number, arguments
    full = await ask("list_commits", repository=HELLO, detail="full")
    assert "The language comes from LANG." in full.text


async def test_every_commit_is_reached_by_cursor(ask: Ask) -> None:
    """Pages of a list of commits lead to the end."""
    first = await ask("list_commits", repository=HELLO, limit=3)
    cursor = re.search(r"next_cursor: (\S+)", first.text)
    assert cursor
    last = await ask("list_commits", repository=HELLO, limit=3, cursor=cursor[1])
    assert [row[4] for row in ROW.findall(last.text)] == ["Greet people by name"]
    assert "next_cursor" not in last.text


async def test_a_commit_is_read_with_files_and_diffs(ask: Ask, github: GitHub) -> None:
    """Message and files first, diffs on demand; an abbreviated id, a branch and a tag name it too."""
    commit = next(
        one for one in github.hello.history.commits.values() if "French" in one.message and "#7" in one.message
    )
    for ref in (commit.sha, commit.sha[:10]):
        answer = await ask("get_commit", repository=HELLO, ref=ref)
        assert f"{commit.sha} octocat 2026-09-14T16:20Z, parents {commit.parents[0][:10]}" in answer.text
        assert "The language comes from LANG." in answer.text
        assert 'added "tests/test_greet.py" +5 -0' in answer.text
        assert "@@" not in answer.text
    assert "@@" in (await ask("get_commit", repository=HELLO, sha=commit.sha, detail="full")).text
    assert "test_greet" not in (await ask("get_commit", repository=HELLO, ref="v2.2.0", detail="brief")).text
    paged = await ask("get_commit", repository=HELLO, ref=commit.sha, limit=1)
    cursor = re.search(r"next_cursor: (\S+)", paged.text)
    assert cursor
    rest = await ask("get_commit", repository=HELLO, ref=commit.sha, limit=1, cursor=cursor[1])
    assert "test_greet" in rest.text
    assert "The language comes from LANG." not in rest.text


async def test_branches_and_tags_are_listed(ask: Ask, github: GitHub) -> None:
    """A row says where a branch or tag points, and what is protected."""
    github.hello.protected.add("main")
    branches = await ask("list_branches", repository=HELLO)
    assert f'"main" {github.hello.head_sha[:10]} protected' in branches.text
    assert '"settings-without-home" ' in branches.text
    tags = await ask("list_tags", repository=HELLO)
    assert re.findall(r'(?m)^"(\S+)" [0-9a-f]{10}$', tags.text) == ["v2.3.0", "v2.2.0", "v2.1.0"]


async def test_a_tree_is_listed_whole_or_by_folder(ask: Ask) -> None:
    """What lies in a folder, or all files below it, of any ref."""
    top = await ask("get_repository_tree", repository=HELLO)
    assert top.text.startswith(f"4 entries of {HELLO}:")
    assert 'dir "hello"\n' in top.text
    whole = await ask("get_repository_tree", repository=HELLO, recursive=True)
    assert re.search(r'(?m)^"hello/greet.py" \d+$', whole.text)
    assert "dir " not in whole.text
    old = await ask("get_repository_tree", repository=HELLO, ref="v2.1.0", path_filter="hello", recursive=True)
    assert old.text.startswith(f'2 entries of {HELLO} in "hello" at "v2.1.0", recursive:')
    assert "README" not in old.text


async def test_a_cut_tree_says_so(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub cuts a large tree; the reply says that files are missing, and what lists them."""
    monkeypatch.setattr(commits, "MOST_ENTRIES", 2)
    assert "GitHub cut this tree" in (await ask("get_repository_tree", repository=HELLO, recursive=True)).text


async def test_refs_are_compared(ask: Ask, github: GitHub) -> None:
    """Commits and files between two releases, how far they are apart, and where they parted."""
    answer = await ask("compare_refs", repository=HELLO, base="v2.1.0", head="v2.3.0")
    assert f'"v2.3.0" of {HELLO} is 3 commits ahead of "v2.1.0" and 0 behind' in answer.text
    assert f"merge base {github.hello.history.tags['v2.1.0'][:10]}; 5 files +" in answer.text
    assert [row[4] for row in ROW.findall(answer.text)][-1] == "Describe how the program is used"
    assert 'modified "hello/greet.py"' in answer.text
    assert "@@" in (await ask("compare_refs", repository=HELLO, base="v2.1.0", head="v2.3.0", detail="full")).text
    brief = await ask("compare_refs", repository=HELLO, base="v2.1.0", head="v2.3.0", detail="brief")
    assert "modified" not in brief.text
    same = await ask("compare_refs", repository=HELLO, base="main", head="main")
    assert (same.is_error, "is 0 commits ahead" in same.text) == (False, True)


async def test_refs_with_slashes_are_one_part_of_the_path(ask: Ask, github: GitHub) -> None:
    """A branch with slashes is compared and read as any other."""
    history = github.hello.history
    history.branches["fix/a/b"] = history.tags["v2.2.0"]
    assert not (await ask("get_commit", repository=HELLO, ref="fix/a/b")).is_error
    assert "2 behind" in (await ask("compare_refs", repository=HELLO, base="main", head="fix/a/b")).text
    assert not (await ask("get_repository_tree", repository=HELLO, ref="fix/a/b")).is_error


@pytest.mark.parametrize("ref", ["evil:main", "octocat:other:main", "", "a b", "a/../b"])
async def test_a_ref_leads_to_no_other_repository(ask: Ask, github: GitHub, ref: str) -> None:
    """A colon would name a fork, and dots another path: nothing is sent."""
    before = len(github.app.controls.log.entries)
    for tool, arguments in (
        ("get_commit", {"ref": ref}),
        ("list_commits", {"ref": ref}),
        ("compare_refs", {"base": "main", "head": ref}),
        ("get_repository_tree", {"ref": ref}),
    ):
        if (tool, ref) != ("list_commits", "a/../b"):  # there it is a parameter
            assert (await ask(tool, repository=HELLO, **arguments)).is_error
    assert len(github.app.controls.log.entries) == before


async def test_an_unknown_ref_says_where_refs_are(ask: Ask) -> None:
    """The next step names the tools that list refs."""
    for tool, arguments in (
        ("get_commit", {"ref": "nowhere"}),
        ("list_commits", {"ref": "nowhere"}),
        ("compare_refs", {"base": "main", "head": "nowhere"}),
        ("get_repository_tree", {"ref": "nowhere"}),
    ):
        refused = await ask(tool, repository=HELLO, **arguments)
        assert (refused.is_error, "list_branches" in refused.text) == (True, True), tool
        assert ("Of " in refused.text and "one is not there" in refused.text) is (tool == "compare_refs"), tool


async def test_rows_say_what_a_merge_is(ask: Ask, github: GitHub) -> None:
    """A commit with two parents is marked."""
    hello = github.hello
    parents = [hello.head_sha, hello.history.branches["file-per-language"]]
    at, author = datetime(2026, 11, 30, tzinfo=UTC), hello.owner
    hello.history.add("main", message="Merge it", author=author, at=at, files=hello.files, parents=parents)
    answer = await ask("list_commits", repository=HELLO, limit=1)
    assert ROW.findall(answer.text)[0][3:] == (" merge", "Merge it")
