"""The outgoing filter reads a field as its readers do: mrkdwn, Atlassian documents, plain text; nested fields too."""

from typing import Any

import pytest
from agent_contracts import Grant
from api_kit import Json, Refusal, adf, markdown, mrkdwn, plain
from api_kit.egress_filter import filter_text
from api_kit.markdown_sanitizer import Allowed, Quieted
from api_kit.text_formats import MENTIONS
from service_kit.grants import allowed

GRANT = Grant(resources={"mentions": ["U1", "here"]})
ALLOWED = Allowed(("images.example",), lambda name: allowed(GRANT, MENTIONS, name))


def doc(*nodes: dict[str, Any]) -> dict[str, Any]:
    """Make a document of these nodes."""
    return {"type": "doc", "version": 1, "content": list(nodes)}


@pytest.mark.parametrize(
    ("text", "sent", "mentions"),
    [
        ("<!channel> look", "&lt;!channel> look", 1),
        ("<!subteam^S1|@ops>", "&lt;!subteam^S1|@ops>", 1),
        ("<@U2> and <@U1>", "&lt;@U2> and <@U1>", 1),
        ("<!here> @everyone @here", "<!here> @\u200beveryone @here", 1),
        ("_@channel_ *@Channel*", "_@\u200bchannel_ *@\u200bChannel*", 2),
        ("@everyone@everyone", "@\u200beveryone@\u200beveryone", 2),
        ("ann@channel.example", "ann@channel.example", 0),
        ("@heretics <!date^1700000000^{date}|then>", "@heretics <!date^1700000000^{date}|then>", 0),
    ],
)
def test_mrkdwn_calls_nobody_who_is_not_granted(text: str, sent: str, mentions: int) -> None:
    """Broadcasts, groups and users are broken, those of the grant and links stay; a second time changes nothing."""
    found = mrkdwn(text, ALLOWED)
    assert (found.value, found.mentions) == (sent, mentions)
    assert mrkdwn(found.value, ALLOWED).value == sent


@pytest.mark.parametrize(
    ("text", "sent", "links"),
    [
        ("<https://images.example/x.png|x> https://images.example/?a=b", None, 0),
        ("<mailto:ann@x.example|Ann>", None, 0),
        ("<https://evil.example/?d=1|see>", "see (https:\u200b//evil.example/?d=1)", 1),
        ("<https://evil.example/x.png>", "https:\u200b//evil.example/x.png", 1),
        ("see HTTP://evil.example/x.png.", "see HTTP:\u200b//evil.example/x.png.", 1),
        ("<evil.example/x|a>", "a (evil.example/x)", 1),
        ("vector<int>", "vector&lt;int>", 1),
        ("<https://images.example\\@evil.example|a>", "a (https:\u200b//images.example\\@evil.example)", 1),
        ("<https://u@images.example/|a>", "a (https:\u200b//u@images.example/)", 1),
        ("<!date^17^{date}^https://evil.example/|d>", "<!date^17^{date}^https:\u200b//evil.example/|d>", 1),
        ("<evil|https://evil.example/>", "https:\u200b//evil.example/ (evil)", 2),
        ("a < b > c <#C1>", None, 0),
    ],
)
def test_mrkdwn_loads_nothing_from_a_host_that_is_not_listed(text: str, sent: str | None, links: int) -> None:
    """An address that Slack would fetch is text, with its label before it; a second time changes nothing."""
    found = mrkdwn(text, ALLOWED)
    assert (found.value, found.images, found.mentions) == (sent or text, links, 0)
    assert mrkdwn(found.value, ALLOWED).value == (sent or text)


def test_a_group_keeps_the_files_of_the_vendor() -> None:
    """Of a group of media what is from elsewhere is a link behind it; the files that the vendor has stay in it."""
    bad = "https://evil.example/x.png"
    inner, outer = ({"type": "media", "attrs": attrs} for attrs in ({"type": "file", "id": "1"}, {"url": bad}))
    link = {"type": "text", "text": bad, "marks": [{"type": "link", "attrs": {"href": bad}}]}
    found = adf(doc({"type": "mediaGroup", "content": [outer, inner]}), ALLOWED)
    group = {"type": "mediaGroup", "content": [inner]}
    assert (found.value, found.images) == (doc(group, {"type": "paragraph", "content": [link]}), 1)


def test_mentions_in_a_document_become_text() -> None:
    """A mention node that is not granted is its text, wherever it is nested; a granted one stays."""
    one, two = ({"type": "mention", "attrs": {"id": name, "text": f"@{name}"}} for name in ("U1", "U2"))
    found = adf(doc({"type": "paragraph", "content": [one, two]}), ALLOWED)
    assert found.value == doc({"type": "paragraph", "content": [one, {"type": "text", "text": "@U2"}]})
    assert found.mentions == 1


def test_images_and_cards_in_a_document_become_links() -> None:
    """What is loaded from a host that is not listed is a link; from a listed one it stays."""
    bad, good = "https://evil.example/x.png", "https://images.example/x.png"
    nodes = [
        {"type": "mediaSingle", "content": [{"type": "media", "attrs": {"type": "external", "url": url}}]}
        for url in (bad, good)
    ]
    found = adf(doc(*nodes, {"type": "blockCard", "attrs": {"url": bad}}), ALLOWED)
    link = {"type": "text", "text": bad, "marks": [{"type": "link", "attrs": {"href": bad}}]}
    paragraph = {"type": "paragraph", "content": [link]}
    assert (found.value, found.images) == (doc(paragraph, nodes[1], paragraph), 2)


@pytest.mark.parametrize(
    "value",
    [
        "text",
        {"type": "paragraph"},
        doc({"type": "extension"}),
        doc({"type": "inlineCard", "attrs": {"data": {}}}),
        doc({"type": []}),
        doc({"type": "mediaGroup", "content": [{"type": "media", "attrs": {"url": ["https://evil.example"]}}]}),
    ],
)
def test_what_is_no_document_is_refused(value: Json) -> None:
    """A text in place of a document, an extension, a node or a URL of no known form: nobody can say what they load."""
    with pytest.raises(Refusal) as refused:
        adf(value, ALLOWED)
    assert refused.value.reason == "body"


def test_fields_are_found_below_and_in_lists() -> None:
    """Each field is read in its own format, at its own place; all others stay as they are."""
    body: Json = {"fields": {"text": "@ada"}, "blocks": [{"text": "<!here> <!channel>"}, {"id": 1}], "raw": "@ada"}
    texts = {"fields.text": markdown, "blocks[].text": mrkdwn, "raw": plain}
    found = filter_text(body, texts=texts, token=None, allowed=ALLOWED)
    blocks: Json = [{"text": "<!here> &lt;!channel>"}, {"id": 1}]
    assert found == Quieted({"fields": {"text": "@&#8203;ada"}, "blocks": blocks, "raw": "@ada"}, mentions=2)


@pytest.mark.parametrize(
    ("place", "body", "named"),
    [
        ("blocks[].text.text", {"blocks": [[{"text": {"text": "<!channel>"}}]]}, r"blocks\[\]"),
        ("blocks[].text.text", {"blocks": [{"text": "<!channel>"}]}, r"blocks\[\]\.text"),
        ("blocks[].text.text", {"blocks": {"text": {"text": "<!channel>"}}}, "'blocks'"),
        ("text", ["<!channel>"], r"\[\]"),
        ("text", {"text": ["<!channel>"]}, "no text"),
        ("texts[]", {"texts": [["<!channel>"]]}, "no text"),
    ],
)
def test_a_text_that_cannot_be_reached_is_refused(place: str, body: Json, named: str) -> None:
    """Where another shape stands on the way to a text, no format would look at what is in it: the field is named."""
    with pytest.raises(Refusal, match=named) as refused:
        filter_text(body, texts={place: mrkdwn}, token=None, allowed=ALLOWED)
    assert (refused.value.status, refused.value.reason) == (400, "body")


def test_the_items_of_a_bare_list_are_read() -> None:
    """A list in place of the object has its texts in its items; what is null or not there stays so."""
    body: Json = [{"body": "@ada"}, {"id": 1}, {"body": None}, None]
    found = filter_text(body, texts={"body": markdown}, token=None, allowed=ALLOWED)
    assert found.value == [{"body": "@&#8203;ada"}, {"id": 1}, {"body": None}, None]


def test_a_document_in_place_of_a_text_is_refused() -> None:
    """An object where a text is read could carry what no format looks at."""
    with pytest.raises(Refusal, match="no text"):
        filter_text({"text": {"a": "@ada"}}, texts={"text": markdown}, token=None, allowed=ALLOWED)
