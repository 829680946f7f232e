"""How a field's text is read by people, and how what calls somebody or loads something in it is quieted.

A format is a function of a field's value: it returns what may be sent in its place. The value may be a document, as in
Atlassian's format; a value of a shape that the format does not know is refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent_vendors import ResourceKind
from service_kit.json_text import Json

from api_kit.errors import Refusal
from api_kit.markdown_sanitizer import Allowed, Quieted, sanitize

_CALL = re.compile(r"<(?P<kind>[!@])(?P<name>[^>|\s]*)")
_BARE_CALL = re.compile(r"(?<![\w<])@(?P<name>channel|here|everyone)\b", re.IGNORECASE)
_CARDS = frozenset({"inlineCard", "blockCard", "embedCard"})
_MEDIA = frozenset({"mediaSingle", "mediaGroup"})
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
    """Quiet Slack's mrkdwn: `<!channel>`, `<!subteam^S1>`, `<@U1>` and a bare `@here` call nobody; it has no images.

    A name is granted as Slack writes it: `channel`, `subteam^S1`, `U1`.
    """
    mentions = 0

    def broken(found: re.Match[str], instead: str) -> str:
        nonlocal mentions
        if allowed.may_mention(found["name"]):
            return found[0]
        mentions += 1
        return instead

    text = _CALL.sub(lambda found: broken(found, "&lt;" + found[0][1:]), _text(value).replace("\0", ""))
    text = _BARE_CALL.sub(lambda found: broken(found, "@\u200b" + found["name"]), text)
    return Quieted(text, mentions=mentions)


def plain(value: Json, allowed: Allowed) -> Quieted:
    """Let a text that nobody interprets pass as it is."""
    return Quieted(_text(value))


def adf(value: Json, allowed: Allowed) -> Quieted:
    """Quiet an Atlassian Document: mentions become their text, media and cards from elsewhere become links.

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
            return [self.node(item) for item in value]
        if not isinstance(value, dict):
            return value
        kind, attrs = value.get("type"), value.get("attrs")
        attrs = attrs if isinstance(attrs, dict) else {}
        if kind in _EXTENSIONS:
            raise Refusal("body", f"the document holds the node {kind}", remedy=_ADF)
        if kind == "mention" and not self.allowed.may_mention(str(attrs.get("id"))):
            self.mentions += 1
            return _link(f"@{str(attrs.get('text') or attrs.get('id')).lstrip('@')}", None)
        if kind in _MEDIA and (urls := self._foreign(value.get("content"))):
            return {"type": "paragraph", "content": [self._image(url) for url in urls]}
        if kind in _CARDS or kind == "media" or kind == "mediaInline":
            url = attrs.get("url")
            if kind in _CARDS and not isinstance(url, str):
                raise Refusal("body", f"the document holds the node {kind} without a URL", remedy=_ADF)
            if isinstance(url, str) and not self._is_known(url):
                link = self._image(url)
                return {"type": "paragraph", "content": [link]} if kind in ("blockCard", "embedCard") else link
        return {name: self.node(inner) for name, inner in value.items()}

    def _foreign(self, content: Json) -> list[str]:
        attrs = [item.get("attrs") for item in content if isinstance(item, dict)] if isinstance(content, list) else []
        urls = [str(each["url"]) for each in attrs if isinstance(each, dict) and each.get("url") is not None]
        return [url for url in urls if not self._is_known(url)]

    def _image(self, url: str) -> dict[str, Json]:
        self.images += 1
        return _link(url, url)

    def _is_known(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        return parts.scheme == "https" and (parts.hostname or "") in self.allowed.hosts


def _link(text: str, href: str | None) -> dict[str, Json]:
    marks: dict[str, Json] = {"marks": [{"type": "link", "attrs": {"href": href}}]} if href else {}
    return {"type": "text", "text": text, **marks}


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise Refusal("body", "a field of the body is no text", remedy="Send it as text.")
    return value
