"""Every filter of outgoing and of foreign text takes time that grows as the text's length does, whatever is written."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from agent_engine.transcript import Lines, mask_line
from api_kit import adf, markdown, mrkdwn, plain
from api_kit.egress_filter import secret_in
from api_kit.markdown_sanitizer import Allowed
from api_kit.proposal_document import diff
from fixtures.cpu import steeper_than_linear
from fixtures.hostile_text import HOSTILE
from github_mcp.similarity import words
from mcp_kit.cursor import START
from mcp_kit.formatting import quote
from mcp_kit.reply import Reply, render, rows, section
from service_kit.json_text import Json
from service_kit.redact import Masker, redact
from service_kit.refs import ref_fits, split_ref
from service_kit.untrusted_text import clean, clean_line, fence, for_terminal, normalize

TASK = uuid4()
ALLOWED = Allowed({"a.b"}, lambda name: name == "a")
TOKEN = "eyJhbGciOiJFZERTQSJ9." + "a1B2" * 90 + "." + "Zz9" * 28
MASKER = Masker([TOKEN])


def document(text: str) -> dict[str, Json]:
    """Make an Atlassian Document whose paragraphs, links, mentions and images hold a text."""
    link: Json = {"type": "text", "text": text, "marks": [{"type": "link", "attrs": {"href": text}}]}
    image: Json = {"type": "mediaSingle", "content": [{"type": "media", "attrs": {"url": text}}]}
    nodes: list[Json] = [link, {"type": "mention", "attrs": {"id": text}}, image]
    return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": nodes}]}


def replied(text: str) -> str:
    """Write a reply with a text in its rows and sections."""
    items = [*rows("rows", [text[:2000]] * 3), section("body", text)]
    return render(Reply("head", items), start=START, budget=20_000, nonce="0" * 8, cursor_of=lambda _: "x")


def read_out(text: str) -> None:
    """Read a run's output in pieces, and mask its lines."""
    lines = Lines()
    for start in range(0, len(text), 1000):
        for line in lines.feed(text[start : start + 1000].encode("utf-8", "replace")):
            mask_line(MASKER, line)


FILTERS: dict[str, Callable[[str], object]] = {
    "Markdown": lambda text: markdown(text, ALLOWED),
    "mrkdwn": lambda text: mrkdwn(text, ALLOWED),
    "ADF": lambda text: adf(document(text), ALLOWED),
    "plain text": lambda text: plain(text, ALLOWED),
    "secrets in outgoing text": lambda text: secret_in(text, TOKEN),
    "a proposal's diff": lambda text: diff(text.split("\n"), text[::-1].split("\n")),
    "cleaning": clean,
    "cleaning a line": clean_line,
    "normalizing": normalize,
    "fencing": lambda text: fence(text, label=text, nonce="0" * 8),
    "quoting in a row": quote,
    "a tool's reply": replied,
    "a terminal": for_terminal,
    "ref lines": lambda text: (
        split_ref(text),
        ref_fits(b"k", task=TASK, attempt=1, tool="t", reply=text, failed=False),
    ),
    "redaction": redact,
    "masking bytes": lambda text: MASKER.mask_bytes(text.encode("utf-8", "replace") + b"\xff"),
    "a run's output": read_out,
    "likeness of issues": words,
}


@pytest.mark.apart
@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", FILTERS)
def test_time_grows_as_the_text_does(name: str) -> None:
    """A hostile text of four times the length takes about four times as long, not sixteen times."""
    assert steeper_than_linear(FILTERS[name], HOSTILE) == {}
