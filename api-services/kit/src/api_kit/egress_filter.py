"""Filters the text that a task writes: secrets are refused, images from elsewhere and mentions are quieted. Pure.

The filter finds tokens of the run and known shapes of secrets, as they are written, as Markdown shows them, in base64
and in hexadecimal, whatever signs and blanks stand in them: the run's token whole, reversed and in pieces of 16 letters
and digits or more, its other tokens by their issuer and by hashes of their signatures' pieces. It does not find shorter
pieces and other encodings; the tokens are worth nothing outside the run.
"""

import binascii
import html
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from service_kit.json_text import Json
from service_kit.redact import has_secret
from service_kit.token_pieces import HashedPieces, TokenPieces, bare
from service_kit.tokens import ISSUER
from service_kit.untrusted_text import INVISIBLE, marks, normalize

from api_kit import json_paths
from api_kit.errors import Refusal
from api_kit.markdown_sanitizer import Allowed, Quieted
from api_kit.multipart import File, content_of
from api_kit.text_formats import TextFormat

RANDOM_RUN = 40
RANDOM_BITS = 4.4
"""Bits a character: random base64url has 4.7 and more over 40 characters, names and words under 4.2, hex at most 4."""

_PAYLOAD = bare(f"iss{ISSUER}".encode())
"""The issuer as the payload of every token of a run names it."""
_NO_BASE64 = re.compile("[^A-Za-z0-9]+")
"""Of base64 of ASCII text, `+`, `/`, `-` and `_` are no part."""
_NO_HEX = re.compile("0x|[^0-9a-f]+")
_PRINTED = re.compile(rb"[\t\n\r -~]{16,}")
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
    signatures: Sequence[str] = (),
    beside: Sequence[str] = (),
    steps: Callable[[str], json_paths.Path] = json_paths.steps,
) -> Quieted:
    """Filter a body that a task writes. `texts` has the format of each field that people read, by its place.

    `token` is the run's task token, or the person's own; `signatures` are the hashes that the task token carries;
    `beside` are the texts that are sent beside the body, in path and query.

    Raises:
        Refusal: `secret`: the texts hold one; it is not repeated. `body`: what stands at a place of `texts` is no text.
    """
    if (what := secret_in("\n".join([*beside, *strings(body)]), token, signatures)) is not None:
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


def secret_in(text: str, token: str | None, signatures: Sequence[str] = ()) -> str | None:
    """Return what kind of secret a text holds; None if none is found."""
    plain = _plain(text)
    own, others = _known(token, tuple(signatures))
    for reading in {plain, _plain(_UNSHOWN.sub("", _unescape(plain))), *_decoded(plain)}:
        if has_secret(reading):
            return "what has the shape of a token or key"
        letters = bare(reading.encode("ascii", "ignore"))
        if own.find(letters):
            return "a part of the caller's own token"
        if any(_of_payload(one) or others.are_in(one) for one in (letters, letters[::-1])):
            return "a part of a run's token"
    for match in _RUN.finditer(plain):
        if _bits(match[0]) >= RANDOM_BITS and not _HASH.match(plain, match.start()):
            return "a long random text, as keys and tokens are"
    return None


@lru_cache(maxsize=32)
def _known(token: str | None, signatures: tuple[str, ...]) -> tuple[TokenPieces, HashedPieces]:
    return TokenPieces([token] if token else ()), HashedPieces(signatures)


def _of_payload(letters: bytes) -> bool:
    return _PAYLOAD in letters and b"jti" in letters


def _decoded(text: str) -> Iterator[str]:
    """Give the text that stands in base64 or hexadecimal in a text, wherever it begins, as far as it is printed."""
    letters = _NO_BASE64.sub("", text).encode()
    for skip in range(4):
        yield _printed(binascii.a2b_base64(letters[skip : len(letters) - (len(letters) - skip) % 4]))
    digits = _NO_HEX.sub("", text.lower())
    for skip in range(2):
        yield _printed(bytes.fromhex(digits[skip : len(digits) - (len(digits) - skip) % 2]))


def _printed(raw: bytes) -> str:
    return b" ".join(_PRINTED.findall(raw.replace(b"\0", b""))).decode()


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
