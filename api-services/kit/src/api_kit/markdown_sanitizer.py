"""Text that shows no image from elsewhere and calls nobody, in Markdown and the HTML in it. Pure, in linear time.

What is changed is idempotent wherever it stands, in text, HTML, an address or code, so that only code must be sure.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from service_kit.json_text import Json

from api_kit.markdown import code

_IMAGE = re.compile(
    r"(?P<mark>(?<!!)!++\[)|<(?=(?:img|image|feimage|use|picture|source|video|audio|track|i?frame|object|embed|applet|svg|input"
    r"|link|style|script|body|select)\b)",
    re.IGNORECASE,
)
"""What loads something; `select` drops the tags in it, which joins an `@` to a name."""
_ADDRESS = r"https://(?P<host>[A-Za-z0-9.-]+)(?::[0-9]+)?(?:[/?#][A-Za-z0-9._~/?#@!$*+,;=%&:-]*)?"
_KNOWN_ADDRESS = re.compile(_ADDRESS)
_KNOWN_IMAGE = re.compile(rf"!\[[^\[\]\\`<\n]*\]\({_ADDRESS}\)")
_KNOWN_TAG = re.compile(
    rf"""(?i)<img(?:\s+(?:alt|width|height|align|title)="[^"<>`&]*")*+\s+src="{_ADDRESS}\""""
    r"""(?:\s+(?:alt|width|height|align|title)="[^"<>`&]*")*+\s*/?>"""
)
_AT = r"(?P<at>@|&#0*+64(?![0-9]);?|&#x0*+40(?![0-9a-f]);?|&commat;)"
_MENTION = re.compile(
    rf"{_AT}(?:(?P<name>[a-z0-9][a-z0-9_-]*+(?:/[a-z0-9][a-z0-9._-]*+)?+)(?P<more>(?=/?[&<]|/?\\[-_/]))?"
    r"|(?=&(?!\#8203;)[#a-z]|<[a-z/!?]))",
    re.IGNORECASE,
)
"""`more`: a name that goes on behind an entity, a tag or an escape is another name."""
_ADDRESS_OR_MENTION = re.compile(rf"://[^\s<>]*+|{_MENTION.pattern}", re.IGNORECASE)
_IN_ADDRESS = re.compile(rf"{_MENTION.pattern}|(?P<last>{_AT.replace('?P<at>', '?:')})\Z", re.IGNORECASE)
"""A tag may follow the last sign."""
_WORD = re.compile(r"[A-Za-z0-9]")
_MAIL = re.compile(r"[A-Za-z0-9._+-]")
_BREAK = "&#8203;"
"""A space of no width, written so that it is seen in the source."""


@dataclass(frozen=True)
class Allowed:
    """What may be sent as it is: images of these hosts, and names that the grant lets be called."""

    hosts: Collection[str]
    may_mention: Callable[[str], bool]

    def may_load(self, url: str) -> bool:
        """Say whether what is at a URL may be loaded: every reader of a URL of this form sees the same host in it."""
        found = _KNOWN_ADDRESS.fullmatch(url)
        return found is not None and found["host"].lower() in self.hosts


@dataclass(frozen=True)
class Quieted:
    """A text or a document as it may be sent, and how often it was changed."""

    value: Json
    images: int = 0
    mentions: int = 0

    @property
    def changes(self) -> str:
        """What was changed, as in `images=1, mentions=2`; empty where nothing was."""
        counts = {"images": self.images, "mentions": self.mentions}
        return ", ".join(f"{what}={count}" for what, count in counts.items() if count)


def sanitize(text: str, allowed: Allowed) -> Quieted:
    """Make links of images and text of their tags, and break mentions, outside of what is surely code.

    What is code is asked anew of the changed text: an image's tag that is none any more may hide no backtick. Where the
    answer changes, nothing counts as code.
    """
    text = text.replace("\0", "")
    once, images, mentions = _changed(text, code(text), allowed)
    if once != text and _changed(once, code(once), allowed)[0] != once:
        once, images, mentions = _changed(text, [], allowed)
    return Quieted(once, images, mentions)


def _changed(text: str, parts: list[tuple[int, int]], allowed: Allowed) -> tuple[str, int, int]:
    written = "](" in text or "]:" in text
    images = mentions = place = 0

    def image(found: re.Match[str]) -> str:
        nonlocal images
        if found["mark"] and not written:
            return found[0]
        known = (
            _KNOWN_IMAGE.match(found.string, found.end() - 2)
            if found["mark"]
            else _KNOWN_TAG.match(found.string, found.start())
        )
        if known and known["host"].lower() in allowed.hosts:
            return found[0]
        images += 1
        return "[image: " if found["mark"] else "&lt;"

    def mention(found: re.Match[str], to: str = "") -> str:
        nonlocal mentions
        if found["at"] is None:
            return _IN_ADDRESS.sub(lambda inner: "%40" if inner["last"] else mention(inner, to="%40"), found[0])
        if is_mail(found.string, found.start()) or (
            found["name"] and found["more"] is None and allowed.may_mention(found["name"].rstrip("._"))
        ):
            return found[0]
        mentions += 1
        return (to or found["at"] + _BREAK) + (found["name"] or "")

    sent: list[str] = []
    for start, end in [*parts, (len(text), len(text))]:
        sent += [_ADDRESS_OR_MENTION.sub(mention, _IMAGE.sub(image, text[place:start])), text[start:end]]
        place = end
    return "".join(sent), images, mentions


def is_mail(text: str, place: int) -> bool:
    """Return whether an `@` stands in a mail address: behind a word that is no entity, number or address's end."""
    if not place or not _WORD.match(text[place - 1]):
        return False
    while place and _MAIL.match(text[place - 1]):
        place -= 1
    return not place or text[place - 1] not in "&#@"
