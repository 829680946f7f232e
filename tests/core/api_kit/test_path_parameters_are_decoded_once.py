"""The codec of path parameters: what comes out of it can lead to no other path than the one that was checked."""

from urllib.parse import quote, unquote

import httpx
import pytest
from api_kit.errors import Refusal
from api_kit.paths import Template, decode, encode, split
from hypothesis import example, given
from hypothesis import strategies as st
from service_kit.path_segments import is_plain
from service_kit.untrusted_text import is_control

ISSUE = Template("/repos/{owner:name}/{repo:name}/issues/{number:number}")
FILE = Template("/repos/{owner:name}/contents/{path:file}")
REFS = Template("/repos/{owner:name}/compare/{refs:ref}")
LABEL = Template("/labels/{name}")
RAW = st.text(st.sampled_from("./\\%?#;25eEfFcC0aA ~ü\u2028"), max_size=14).map(lambda text: quote(text, safe="%/;?#~"))


@given(RAW)
@example("..%2f..%2fx")
@example("%252e%252e")
@example("a%00")
def test_what_is_decoded_is_safe(raw: str) -> None:
    """A parameter that passes is one plain segment; encoded, it decodes once to itself and holds no separator."""
    try:
        text = decode(raw, "segment")
    except Refusal:
        return
    for read in (text, unquote(text)):
        assert "/" not in read
        assert not {"", ".", ".."} & set(read.split("\\"))
        assert not any(map(is_control, read))
    sent = encode(text)
    assert unquote(sent, errors="strict") == text == decode(sent, "segment")
    assert not set(sent) & set("/\\?#;")


@given(RAW)
@example("a%2f..%2fb")
@example("a//b")
def test_a_file_path_keeps_to_its_folder(raw: str) -> None:
    """Each segment of a file's path is checked by itself, and what is sent has the same segments."""
    try:
        text = FILE.read(["repos", "o", "contents", *raw.split("/")])["path"]
    except Refusal:
        return
    sent = FILE.build({"owner": "o", "path": text})
    segments = sent.removeprefix("/repos/o/contents/").split("/")
    assert [unquote(segment) for segment in segments] == text.split("/")
    assert not {"", ".", ".."} & set(text.split("/"))


@given(RAW)
@example("main...fix%2flogin")
@example("main...evil:main")
def test_a_ref_is_one_segment(raw: str) -> None:
    """A ref with slashes stays one segment, and names nothing behind a colon."""
    try:
        text = REFS.read(["repos", "o", "compare", raw])["refs"]
    except Refusal:
        return
    sent = REFS.build({"owner": "o", "refs": text}).removeprefix("/repos/o/compare/")
    assert "/" not in sent
    assert unquote(sent) == text
    assert not {"", ".", ".."} & set(text.split("/"))
    assert ":" not in text


def test_a_ref_with_slashes_passes() -> None:
    """Two refs with dots between them are read and sent as they were meant."""
    found = REFS.read(split(b"/repos/o/compare/main...fix%2Flogin")[0:4])
    assert found["refs"] == "main...fix/login"
    assert REFS.build(found) == "/repos/o/compare/main...fix%2Flogin"


@given(st.text(min_size=1, max_size=12))
def test_what_clients_encode_arrives_as_they_meant_it(text: str) -> None:
    """Any text that is allowed at all survives encoding, matching, and an HTTP library's idea of a URL."""
    try:
        raw = quote(text, safe="")
        found = LABEL.read(split(f"/labels/{raw}".encode()))
    except (Refusal, UnicodeEncodeError):
        assert not is_plain(text)
        return
    assert found == {"name": text}
    built = LABEL.build(found)
    assert httpx.URL(f"http://host{built}").raw_path.decode() == built


@pytest.mark.parametrize(
    "name", ["C#.md", "100%.md", "what?.md", "a b.md", "a\\b", "%", "50%25.md", "...", "naïve;v=1"]
)
def test_every_name_that_a_file_can_have_is_a_name(name: str) -> None:
    """Only what is empty, `.`, `..`, or has slashes and controls is none; all else is encoded once and comes back."""
    raw = quote(name, safe="")
    assert LABEL.read(["labels", raw]) == {"name": name}
    assert FILE.read(["repos", "o", "contents", "docs", raw])["path"] == f"docs/{name}"
    assert LABEL.build({"name": name}) == f"/labels/{raw}"


@pytest.mark.parametrize("raw", ["/a\x7f", "/a b", "a", "", "/ü", "http://host/a"])
def test_a_raw_path_is_absolute_and_visible(raw: str) -> None:
    """A raw path that is not, is refused before it is looked at."""
    with pytest.raises(Refusal):
        split(raw.encode())


def test_names_and_numbers_are_narrow() -> None:
    """A name is of a repository's letters; a number has no other spelling."""
    for raw in ("a;b", ".", "..", "a%20b", "ä", "x" * 101):
        with pytest.raises(Refusal):
            decode(raw, "name")
    for raw in ("0", "01", "+1", "1.0", "1e3", "٣", "9" * 19):
        with pytest.raises(Refusal):
            decode(raw, "number")
    assert decode("hello-w%6Frld.js", "name") == "hello-world.js"
    assert ISSUE.fits(["repos", "a", "b", "issues", "1"])
    assert not ISSUE.fits(["Repos", "a", "b", "issues", "1"])
    assert not ISSUE.fits(["repos", "a", "b", "issue%73", "1"])
    with pytest.raises(ValueError, match="no kind"):
        Template("/x/{a:nothing}")
