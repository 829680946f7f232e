"""How people read a field's text, and how mentions and images in it are quieted.

A format is a function of a field's value: it returns what may be sent in its place. The value may be a document, as in
Atlassian's format; a value of a shape that the format does not know is refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from agent_vendors import ResourceKind
from service_kit.json_text import Json

from api_kit.errors import Refusal
from api_kit.markdown_sanitizer import Allowed, Quieted, is_mail, sanitize

_CALL = re.compile(r"<(?P<kind>[!@])(?!date\^)(?P<name>[^>|\s]*)")
_BARE_CALL = re.compile(r"(?<!<)@(?P<name>channel|here|everyone)(?![A-Za-z0-9])", re.IGNORECASE)
_LINK = re.compile(r"<(?P<url>[^#@!<>|\s][^<>|]*)(?:\|(?P<label>[^<>]*))?>")
_BARE_LINK = re.compile(r"https?://[^\s<>|]*", re.IGNORECASE)
_BREAK = "\u200b"
_CARDS = frozenset({"inlineCard", "blockCard", "embedCard"})
_MEDIA = ("mediaSingle", "mediaGroup")
_EXTENSIONS = frozenset({"extension", "bodiedExtension", "inlineExtension", "multiBodiedExtension"})
_ADF = "Send an Atlassian Document without extensions."


MENTIONS = ResourceKind(
    "mentions", grammar=r"(?s:.+)", description="an account", example="octocat", separator="/", fold=str.casefold
)
"""Who may be called in outgoing texts, of any vendor: accounts, teams, channels."""

TextFormat = Callable[[Json, Allowed], Quieted]


def markdown(value: Json, allowed: Allowed) -> Quieted:
    """Quiet Markdown: images from elsewhere become links, mentions are broken."""
    return sanitize(_text(value), allowed)


def mrkdwn(value: Json, allowed: Allowed) -> Quieted:
    """Quiet Slack's mrkdwn: `<!channel>`, `<!subteam^S1>`, `<@U1>` and a bare `@here` call nobody, links load nothing.

    A name is granted as Slack writes it: `channel`, `subteam^S1`, `U1`. Slack fetches every address in a message to see
    whether it can show what is there (docs.slack.dev/messaging/unfurling-links-in-messages), so that an address on a
    host that is not listed becomes text. A route must not pass on `parse` and `link_names`, which call `@names` too.
    """
    links = mentions = 0

    def unlinked(url: str) -> str:
        nonlocal links
        links += 1
        return url.replace("://", f":{_BREAK}//")

    def link(found: re.Match[str]) -> str:
        if allowed.may_load(found["url"]) or found["url"].startswith("mailto:"):
            return found[0]
        if found["label"]:
            return f"{found['label']} ({unlinked(found['url'])})"
        return unlinked(found["url"]) if "://" in found["url"] else "&lt;" + unlinked(found[0][1:])

    def bare_link(found: re.Match[str]) -> str:
        return found[0] if allowed.may_load(found[0]) else unlinked(found[0])

    def broken(found: re.Match[str], instead: str) -> str:
        nonlocal mentions
        if allowed.may_mention(found["name"]):
            return found[0]
        mentions += 1
        return instead

    def bare_call(found: re.Match[str]) -> str:
        return found[0] if is_mail(found.string, found.start()) else broken(found, "@" + _BREAK + found["name"])

    text = _BARE_LINK.sub(bare_link, _LINK.sub(link, _text(value).replace("\0", "")))
    text = _CALL.sub(lambda found: broken(found, "&lt;" + found[0][1:]), text)
    return Quieted(_BARE_CALL.sub(bare_call, text), links, mentions)


def plain(value: Json, allowed: Allowed) -> Quieted:
    """Return a text that no program interprets as it is."""
    return Quieted(_text(value))


def adf(value: Json, allowed: Allowed) -> Quieted:
    """Quiet an Atlassian Document without extensions: mentions become text, media and cards from elsewhere links.

    Raises:
        Refusal: `body`: it is no document, or holds an extension, which loads what nobody can check.
    """
    if not isinstance(value, dict) or value.get("type") != "doc":
        raise Refusal("body", "a field takes an Atlassian Document, and something else was sent", remedy=_ADF)
    walk = _Adf(allowed)
    return Quieted(walk.node(value), walk.images, walk.mentions)


@dataclass
class _Adf:
    allowed: Allowed
    images: int = 0
    mentions: int = 0

    def node(self, value: Json) -> Json:
        if isinstance(value, list):
            return [node for item in value for node in self.nodes(item)]
        if not isinstance(value, dict):
            return value
        kind, attrs = value.get("type"), value.get("attrs")
        attrs = attrs if isinstance(attrs, dict) else {}
        if kind is not None and not isinstance(kind, str):
            raise Refusal("body", "the document holds a node whose type is no text", remedy=_ADF)
        if kind in _EXTENSIONS:
            raise Refusal("body", f"the document holds the node {kind}", remedy=_ADF)
        if kind == "mention" and not self.allowed.may_mention(str(attrs.get("id"))):
            self.mentions += 1
            return _link(f"@{str(attrs.get('text') or attrs.get('id')).lstrip('@')}", None)
        if kind in _CARDS or kind == "media" or kind == "mediaInline":
            url = _url(value)
            if kind in _CARDS and url is None:
                raise Refusal("body", f"the document holds the node {kind} without a URL", remedy=_ADF)
            if url is not None and not self.allowed.may_load(url):
                link = self._image(url)
                return {"type": "paragraph", "content": [link]} if kind in ("blockCard", "embedCard") else link
        return {name: self.node(inner) for name, inner in value.items()}

    def nodes(self, value: Json) -> list[Json]:
        """Return what stands in place of an item of a list; links to images from elsewhere stand behind their group."""
        content = value.get("content") if isinstance(value, dict) and value.get("type") in _MEDIA else None
        if not isinstance(value, dict) or not isinstance(content, list):
            return [self.node(value)]
        rest: list[Json] = []
        links: list[Json] = []
        for item in content:
            url = _url(item)
            if url is None or self.allowed.may_load(url):
                rest.append(item)
            else:
                links.append(self._image(url))
        kept = not links or any(isinstance(item, dict) and item.get("type") == "media" for item in rest)
        group = [self.node({**value, "content": rest})] if kept else []
        return [*group, {"type": "paragraph", "content": links}] if links else group

    def _image(self, url: str) -> dict[str, Json]:
        self.images += 1
        return _link(url, url)


def _url(node: Json) -> str | None:
    attrs = node.get("attrs") if isinstance(node, dict) else None
    url = attrs.get("url") if isinstance(attrs, dict) else None
    if url is not None and not isinstance(url, str):
        raise Refusal("body", "the document holds a URL that is no text", remedy=_ADF)
    return url


def _link(text: str, href: str | None) -> dict[str, Json]:
    marks: dict[str, Json] = {"marks": [{"type": "link", "attrs": {"href": href}}]} if href else {}
    return {"type": "text", "text": text, **marks}


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise Refusal("body", "a field of the body is no text", remedy="Send it as text.")
    return value
