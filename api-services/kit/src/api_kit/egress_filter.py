"""Filters the text that a task writes: secrets are refused, images from elsewhere and mentions are quieted. Pure.

The filter finds the run's token whole, in pieces of 16 characters or more, reversed, as base64 or hex, and known shapes
of secrets, as they are written and as Markdown shows them. It does not find shorter pieces and other encodings; the
token is worth nothing outside the run.
"""

import base64
import html
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from service_kit.json_text import Json
from service_kit.redact import has_secret
from service_kit.untrusted_text import INVISIBLE, marks, normalize

from api_kit import json_paths
from api_kit.errors import Refusal
from api_kit.markdown_sanitizer import Allowed, Quieted
from api_kit.multipart import File, content_of
from api_kit.text_formats import TextFormat

PIECE = 16
"""So many characters of a token in a row are no accident."""
RANDOM_RUN = 40
RANDOM_BITS = 4.4
"""Bits a character: random base64url has 4.7 and more over 40 characters, names and words under 4.2, hex at most 4."""

_WORDLESS = re.compile(r"[^a-z0-9]+")
_LEADING_ZEROS = re.compile("(&#x?)0+(?=[0-9a-f])", re.IGNORECASE)
_NO_ENTITY = re.compile("&#[0-9]{8,};?")
"""A number beyond Unicode, of which Python reads at most 4,300 digits."""
_UNSHOWN = re.compile(r"<[^<>]*>|\\(?=[!-/:-@\[-`{-~])")
"""Tags, and the backslash before a sign."""
_RUN = re.compile(rf"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{{{RANDOM_RUN},}}")
_HASH = re.compile(r"sha(?:256|384|512)-|(?<=sha256:)|(?<=sha512:)")
"""A published hash, as lock files have it; random it is, and no secret."""


def filter_text(
    body: Json,
    *,
    texts: Mapping[str, TextFormat],
    token: str | None,
    allowed: Allowed,
    steps: Callable[[str], json_paths.Path] = json_paths.steps,
) -> Quieted:
    """Filter a body that a task writes. `texts` has the format of each field that people read, by its place.

    `token` is the run's task token, or the person's own.

    Raises:
        Refusal: `secret`: the body holds one; it is not repeated. `body`: what stands at a place of `texts` is no text.
    """
    for text in strings(body):
        if (what := secret_in(text, token)) is not None:
            raise Refusal("secret", f"the text holds {what}")
    images = mentions = 0
    for place, read in texts.items():

        def quiet(value: Json, read: TextFormat = read) -> Json:
            nonlocal images, mentions
            found = read(value, allowed)
            images, mentions = images + found.images, mentions + found.mentions
            return found.value

        path = steps(place)
        body = json_paths.replace(body, path if isinstance(body, dict) else (json_paths.EVERY, *path), quiet)
    return Quieted(body, images, mentions)


def secret_in(text: str, token: str | None) -> str | None:
    """Return what kind of secret a text holds; None if none is found."""
    plain = _plain(text)
    for reading in {plain, _plain(_UNSHOWN.sub("", _unescape(plain)))}:
        if has_secret(reading):
            return "what has the shape of a token or key"
        if token and not _pieces_of(token).isdisjoint(_pieces(reading)):
            return "a part of the caller's own token"
    for match in _RUN.finditer(plain):
        if _bits(match[0]) >= RANDOM_BITS and not _HASH.match(plain, match.start()):
            return "a long random text, as keys and tokens are"
    return None


@lru_cache(maxsize=32)
def _pieces_of(token: str) -> frozenset[str]:
    raw = token.encode()
    forms = [token, token[::-1], raw.hex()]
    forms += [base64.b64encode(raw[skip:]).decode() for skip in range(3)]
    forms += [base64.urlsafe_b64encode(raw[skip:]).decode() for skip in range(3)]
    return frozenset(piece for form in forms for piece in _pieces(form))


def _pieces(text: str) -> Iterator[str]:
    """Cut a text into all its pieces; signs and case aside."""
    bare = _WORDLESS.sub("", text.casefold())
    return (bare[start : start + PIECE] for start in range(len(bare) - PIECE + 1))


def _plain(text: str) -> str:
    """Return a text as plain letters: without accents, styles and what nobody sees."""
    text = normalize(INVISIBLE.sub("", text), "NFKD")
    return text if text.isascii() else re.sub(marks(), "", text)


def _unescape(text: str) -> str:
    return html.unescape(_NO_ENTITY.sub("", _LEADING_ZEROS.sub(r"\1", text)))


def _bits(text: str) -> float:
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def strings(value: Json) -> list[str]:
    """Return all texts of a document, keys among them; of a `File` its name, and its content where it is text."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    if isinstance(value, File):
        return [str(value["filename"]), content_of(value).decode("utf-8", "ignore")]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *strings(item))]
    return []
