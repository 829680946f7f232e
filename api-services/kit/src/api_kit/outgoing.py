"""Text that a task writes: secrets are refused, images from elsewhere become links, mentions are broken. Pure.

Seen is the run's token whole, in pieces of 16 characters or more, reversed, as base64 or hex, and known shapes of
secrets. Not seen are shorter pieces, and encodings that are none of these: the token is worth nothing outside the run.
"""

import base64
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import cast
from urllib.parse import urlsplit

from service_kit.foreign import INVISIBLE
from service_kit.json_text import Json
from service_kit.redact import SHAPES

from api_kit.errors import Refusal

PIECE = 16
"""So many characters of a token in a row are no accident."""
RANDOM_RUN = 40
RANDOM_BITS = 4.4
"""Bits a character: random base64url has 4.7 and more over 40 characters, names and words under 4.2, hex at most 4."""

_WORDLESS = re.compile(r"[^a-z0-9_-]+")
_RUN = re.compile(rf"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{{{RANDOM_RUN},}}")
_HASH = re.compile(r"sha(?:256|384|512)-|(?<=sha256:)|(?<=sha512:)")
"""A published hash, as lock files have it; random it is, and no secret."""
_CODE = re.compile(r"(?ms)^(```|~~~).*?(?:^\1[^\n]*$|\Z)|(`+)(?!`).+?(?<!`)\2(?!`)")
_IMAGE = re.compile(
    r"!\[(?P<alt>[^\]\n]{0,500})\](?P<rest>\((?P<url>[^)\s]{0,2000})[^)\n]{0,500}\)|\[[^\]\n]{0,200}\])?"
)
_TAG = re.compile(r"(?i)<\s*(?:img|picture|source|video|audio|iframe|object|embed|svg|image)\b[^>]{0,4000}>?")
_SOURCE = re.compile(r"""(?i)\b(?:src|srcset|href|data)\s*=\s*["']?([^"'\s>]{1,2000})""")
_MENTION = re.compile(r"(?<![A-Za-z0-9_`/.@-])@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:/[A-Za-z0-9._-]{1,100})?)")


@dataclass(frozen=True)
class Filtered:
    """What is sent in place of what was asked, and how often it was changed."""

    body: Json
    images: int = 0
    mentions: int = 0

    @property
    def told(self) -> str:
        """Tell the caller what was changed; empty where nothing was."""
        parts = [f"{what}={count}" for what, count in (("images", self.images), ("mentions", self.mentions)) if count]
        return ", ".join(parts)


def outgoing(
    body: Json,
    *,
    texts: Collection[str],
    token: str | None,
    hosts: Collection[str],
    may_mention: Callable[[str], bool],
) -> Filtered:
    """Filter a body that a task writes.

    Args:
        body: as it was checked.
        texts: the fields that are shown as Markdown.
        token: the run's task token, or the person's own.
        hosts: where images may come from.
        may_mention: whether the grant lets this name be called.

    Raises:
        Refusal: `secret`: the body holds one; it is not repeated.
    """
    for text in _strings(body):
        if (what := secret_in(text, token)) is not None:
            raise Refusal("secret", f"the text holds {what}")
    if not isinstance(body, dict):
        return Filtered(body)
    images = mentions = 0
    sent = dict(body)
    for name in texts:
        value = sent.get(name)
        if isinstance(value, str):
            sent[name], more = _outside_code(value, lambda part: _without_images(part, hosts))
            images += more
            ticks = _fresh_ticks(cast(str, sent[name]))
            quiet = partial(_quiet, ticks=ticks, may_mention=may_mention)
            sent[name], more = _outside_code(cast(str, sent[name]), quiet)
            mentions += more
    return Filtered(cast(Json, sent), images, mentions)


def secret_in(text: str, token: str | None) -> str | None:
    """Say what secret a text holds; None where none is seen."""
    plain = unicodedata.normalize("NFKC", INVISIBLE.sub("", text))
    if SHAPES.search(plain) or SHAPES.search(re.sub(r"\s+", "", plain)):
        return "what has the shape of a token or key"
    if token and _pieces_of(token) & _pieces(plain):
        return "a part of the caller's own token"
    for match in _RUN.finditer(plain):
        if _bits(match[0]) >= RANDOM_BITS and not _HASH.match(plain, match.start()):
            return "a long random text, as keys and tokens are"
    return None


@lru_cache(maxsize=32)
def _pieces_of(token: str) -> frozenset[str]:
    """Cut a token and its usual encodings into pieces."""
    raw = token.encode()
    forms = [token, token[::-1], raw.hex()]
    forms += [base64.b64encode(raw[skip:]).decode() for skip in range(3)]
    forms += [base64.urlsafe_b64encode(raw[skip:]).decode() for skip in range(3)]
    return frozenset(piece for form in forms for piece in _pieces(form))


def _pieces(text: str) -> set[str]:
    bare = _WORDLESS.sub("", text.casefold())
    return {bare[start : start + PIECE] for start in range(len(bare) - PIECE + 1)}


def _bits(text: str) -> float:
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _strings(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *_strings(item))]
    return []


def _outside_code(text: str, change: Callable[[str], tuple[str, int]]) -> tuple[str, int]:
    """Change a text but for its code, which is shown as it is written; new code next to it is kept apart by a space."""
    parts: list[str] = []
    total = place = 0
    for match in _CODE.finditer(text):
        plain = text[place : match.start()]
        changed, count = change(plain)
        parts += [_apart(plain, changed, before=bool(parts), after=True), match[0]]
        total, place = total + count, match.end()
    changed, count = change(text[place:])
    return "".join([*parts, _apart(text[place:], changed, before=bool(parts), after=False)]), total + count


def _apart(plain: str, changed: str, *, before: bool, after: bool) -> str:
    """Keep code that a change made from running into the code before or after it."""
    if before and changed[:1] == "`" != plain[:1]:
        changed = f" {changed}"
    if after and changed[-1:] == "`" != plain[-1:]:
        changed = f"{changed} "
    return changed


def _without_images(text: str, hosts: Collection[str]) -> tuple[str, int]:
    count = 0

    def image(match: re.Match[str]) -> str:
        nonlocal count
        if match["url"] and _host(match["url"]) in hosts:
            return match[0]
        count += 1
        return f"[image: {match['alt']}]{match['rest'] or ''}"

    def tag(match: re.Match[str]) -> str:
        nonlocal count
        found = _SOURCE.search(match[0])
        if found and _host(found[1]) in hosts:
            return match[0]
        count += 1
        return f"[image]({found[1]})" if found else ""

    return _TAG.sub(tag, _IMAGE.sub(image, text)), count


def _fresh_ticks(text: str) -> str:
    """Give backticks that no open ones of the text pair with: a mention between those would be none."""
    open_ones = re.findall("`+", _CODE.sub("\n", text))
    return "`" * (1 + max(map(len, open_ones), default=0))


def _quiet(text: str, *, ticks: str, may_mention: Callable[[str], bool]) -> tuple[str, int]:
    count = 0

    def mention(match: re.Match[str]) -> str:
        nonlocal count
        if may_mention(match[1]):
            return match[0]
        count += 1
        return f"{ticks}{match[0]}{ticks}"

    return _MENTION.sub(mention, text), count


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return (parts.hostname or "").lower() if parts.scheme == "https" else ""
