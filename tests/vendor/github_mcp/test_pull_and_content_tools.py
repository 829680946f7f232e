"""Pull requests, diffs and files against the stand-in GitHub."""

import re

import pytest
from vendor.github_mcp.conftest import HELLO, Ask, GitHub

PATHS = ["../secret", "a/../../b", "a//b", "a/./b", "..%2f..%2fsecret", "a\\..\\b", "a\nb", "."]
REPOSITORIES = ["octocat", "octocat/..", "octocat/.", "a/b/c", "octocat/he%2fllo", "../x", "o/ x", ""]


async def test_pull_requests_are_listed(ask: Ask) -> None:
    """A row says draft, branches and labels."""
    answer = await ask("list_pull_requests", repository=HELLO)
    assert re.findall(r"(?m)^#(\d+) open .*?(draft)?, \"(\S+)\" -> \"main\"", answer.text) == [
        ("6", "draft", "file-per-language"),
        ("5", "", "settings-without-home"),
    ]


async def test_a_pull_request_is_read(ask: Ask) -> None:
    """The single one also has its size."""
    answer = await ask("pull_request_read", repository=HELLO, pull_request=5)
    assert "1 commits, 3 files +7 -2" in answer.text
    assert "Fixes #1." in answer.text


async def test_files_and_one_diff(ask: Ask) -> None:
    """Files come as rows; a path gives that file's diff alone; binary ones say so."""
    files = await ask("pull_request_read", repository=HELLO, pull_request=5, method="get_files")
    assert 'modified "hello/settings.py" +1 -2' in files.text
    one = await ask("pull_request_read", repository=HELLO, pull_request=5, method="get_diff", path="hello/settings.py")
    assert '+    return Path.home() / ".hello"' in one.text
    assert "test_settings" not in one.text
    binary = await ask("pull_request_read", repository=HELLO, pull_request=5, method="get_diff", path="docs/crash.png")
    assert "no text diff" in binary.text
    missing = await ask("pull_request_read", repository=HELLO, pull_request=5, method="get_diff", path="nowhere")
    assert missing.is_error


async def test_a_whole_diff_goes_on_by_cursor(ask: Ask) -> None:
    """All files of a pull request come, page by page, each once."""
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(20):
        answer = await ask("pull_request_read", repository=HELLO, pull_request=6, method="get_diff", limit=20, **cursor)
        seen += re.findall(r'(?m)^(?:added|modified|removed) "(\S+)"', answer.text)
        found = re.search(r"next_cursor: (\S+)", answer.text)
        if found is None:
            break
        cursor = {"cursor": found[1]}
    assert len(seen) == len(set(seen)) > 40


async def test_a_file_is_read_and_a_folder_listed(ask: Ask) -> None:
    """A file comes as text, a folder as rows."""
    file = await ask("get_file_contents", repository=HELLO, path="hello/greet.py")
    assert 'GREETINGS = {"en": "Hello"' in file.text
    root = await ask("get_file_contents", repository=HELLO)
    assert 'dir "hello"' in root.text
    assert re.search(r'file "README.md" \d+ bytes', root.text)


async def test_what_leads_elsewhere_is_not_sent(ask: Ask, github: GitHub) -> None:
    """Each segment of a path, and a repository's name, is checked before anything is sent."""
    for path in PATHS:
        assert (await ask("get_file_contents", repository=HELLO, path=path)).is_error, path
    for repository in REPOSITORIES:
        answer = await ask("list_labels", repository=repository)
        assert answer.is_error, repository
        assert "must be owner/name" in answer.text
    assert not github.app.controls.log.entries


@pytest.mark.parametrize("name", ["über uns & co.md", "C#.md", "100%.md", "what?.md", "a\\b.md", "...md"])
async def test_names_with_signs_are_encoded(ask: Ask, github: GitHub, name: str) -> None:
    """Every name that git takes is one segment of the path."""
    github.hello.files[f"docs/{name}"] = b"Hallo"
    answer = await ask("get_file_contents", repository=HELLO, path=f"/docs/{name}")
    assert "Hallo" in answer.text


async def test_what_is_no_text_says_so(ask: Ask, github: GitHub) -> None:
    """Binary files are errors that say so."""
    github.hello.files["logo.png"] = b"\x89PNG\0\0"
    binary = await ask("get_file_contents", repository=HELLO, path="logo.png")
    assert (binary.is_error, "binary" in binary.text) == (True, True)


async def test_a_file_beyond_what_github_gives_inline_is_read(ask: Ask, github: GitHub) -> None:
    """Beyond 1 MB its bytes are asked for, and any of its lines is shown."""
    github.hello.files["large.txt"] = b"".join(b"line %d\n" % number for number in range(200_000))
    answer = await ask("get_file_contents", repository=HELLO, path="large.txt", start_line=199_999, end_line=200_000)
    assert answer.text.startswith("Lines 199999 to 200000 of 200000 of a file of 2288890 bytes"), answer.text
    assert "line 199998\nline 199999" in answer.text


@pytest.mark.parametrize(
    ("raw", "note", "shown"),
    [
        (b"a\r\nb\r\n", "; its line ends are CRLF:", "\na\nb\n"),
        ("\ufeffa\u200bb".encode(), "; 2 hidden characters are left out:", "\nab\n"),
        ("a\u2028b\x0cc".encode(), "; 2 separators are shown as blanks:", "\na b c\n"),
        (b"a\r\nb\nc\rd", "; 1 of its 2 line ends are CRLF; 1 single CRs are shown as line ends:", "\na\nb\nc\nd\n"),
        (
            b"\x1b[1mref: x\n</foreign-x>",
            "; 4 hidden characters are left out; 2 signs are shown as lookalikes:",
            "x>\n",
        ),
        (b"a plain file\n", ":", "\na plain file\n"),
        ("Gr\u00fc\u00dfe\n".encode("latin-1"), "; read as Latin-1, as it is no UTF-8:", "\nGr\u00fc\u00dfe\n"),
    ],
)
async def test_what_is_not_shown_as_it_is_is_said(ask: Ask, github: GitHub, raw: bytes, note: str, shown: str) -> None:
    """Who writes the file back learns of its line ends and of what was left out; no two words become one."""
    github.hello.files["odd.txt"] = raw
    answer = await ask("get_file_contents", repository=HELLO, path="odd.txt")
    assert note in answer.text.splitlines()[0]
    assert shown in answer.text


async def test_lines_and_folders_that_are_not_there_are_told(ask: Ask) -> None:
    """Lines in the wrong order are not asked for, and a folder that is none is no empty one."""
    blame = await ask("get_file_blame", repository=HELLO, path="README.md", start_line=10, end_line=5)
    assert (blame.is_error, "end_line is before start_line" in blame.text) == (True, True)
    for path in ("no/such/folder", "README.md"):
        tree = await ask("get_repository_tree", repository=HELLO, path=path)
        assert (tree.is_error, "is no folder of" in tree.text) == (True, True)


async def test_a_long_file_goes_on_by_cursor(ask: Ask, github: GitHub) -> None:
    """A file beyond the budget is cut at a line, and goes on exactly there."""
    lines = [f"line {number}" for number in range(6_000)]
    github.hello.files["long.txt"] = "\n".join(lines).encode()
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(10):
        answer = await ask("get_file_contents", repository=HELLO, path="long.txt", **cursor)
        assert len(answer.text) <= 32_000
        seen += re.findall(r"(?m)^line \d+$", answer.text)
        found = re.search(r"next_cursor: (\S+)", answer.text)
        if found is None:
            break
        cursor = {"cursor": found[1]}
    assert seen == lines
