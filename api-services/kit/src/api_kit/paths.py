"""Paths: matched raw, segment by segment; each parameter is decoded once, checked, and encoded anew."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from service_kit.path_segments import is_plain

from api_kit.errors import Refusal

PATTERNS = {
    "segment": re.compile(r".+", re.DOTALL),
    "name": re.compile(r"[A-Za-z0-9._-]{1,100}"),
    "number": re.compile(r"[1-9][0-9]{0,17}"),
    "file": re.compile(r".+", re.DOTALL),
    "ref": re.compile(r"[^:]+"),
}
"""Kinds of parameters.

`file` is a file's path: all the rest of the path, each segment checked by itself. `ref` is a git ref, or two with dots
between them, in one segment: its slashes are encoded. A colon in it would lead to another repository.
"""
PATHS = frozenset({"file", "ref"})
"""The kinds whose value may hold slashes."""

_PARAMETER = re.compile(r"\{([a-z_]+)(?::([a-z]+))?\}")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Parameter:
    """A named place in a template."""

    name: str
    kind: str


class Template:
    """A path like `/repos/{owner:name}/{repo:name}/contents/{path:file}`; a kind left out is `segment`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts: tuple[str | Parameter, ...] = tuple(_part(part) for part in text[1:].split("/"))
        self.literals = sum(isinstance(part, str) for part in self.parts)
        last = self.parts[-1]
        self._open = isinstance(last, Parameter) and last.kind == "file"

    @property
    def parameters(self) -> frozenset[str]:
        """Name the parameters."""
        return frozenset(part.name for part in self.parts if isinstance(part, Parameter))

    def fits(self, segments: Sequence[str]) -> bool:
        """Return whether raw segments have this template's shape; literals are compared undecoded."""
        if len(segments) < len(self.parts) or (len(segments) > len(self.parts) and not self._open):
            return False
        pairs = zip(self.parts, segments, strict=False)
        return all(isinstance(part, Parameter) or part == segment for part, segment in pairs)

    def read(self, segments: Sequence[str]) -> dict[str, str]:
        """Decode and check the parameters of segments that fit.

        Raises:
            Refusal: `path`: a parameter is not what its kind says.
        """
        found: dict[str, str] = {}
        for place, part in enumerate(self.parts):
            if isinstance(part, str):
                continue
            raw = "/".join(segments[place:]) if part.kind == "file" else segments[place]
            found[part.name] = decode(raw, part.kind)
        return found

    def build(self, values: Mapping[str, str]) -> str:
        """Make the path anew from checked parameters."""
        return "/" + "/".join(
            part if isinstance(part, str) else encode(values[part.name], part.kind) for part in self.parts
        )


def split(raw_path: bytes) -> list[str]:
    """Split a raw path into raw segments.

    Raises:
        Refusal: `path`: it is no absolute path of visible ASCII.
    """
    try:
        path = raw_path.decode("ascii")
    except UnicodeDecodeError:
        raise Refusal("path", "the path holds bytes that are not ASCII") from None
    if not path.startswith("/") or any(not "!" <= character <= "~" for character in path):
        raise Refusal("path", "the path is not absolute, or holds characters that must be encoded")
    return path[1:].split("/")


def decode(raw: str, kind: str) -> str:
    """Decode a parameter once and check it by its kind.

    Raises:
        Refusal: `path`: it is badly encoded, not of its kind, or not plain, see `is_plain`.
    """
    text = unescape(raw, "path")
    for segment in text.split("/") if kind in PATHS else [text]:
        if not is_plain(segment):
            why = "is empty, . or .., or holds a slash or a control character, as it stands or decoded once more"
            raise Refusal("path", f"the path parameter {segment!r} {why}")
    if PATTERNS[kind].fullmatch(text) is None:
        raise Refusal("path", f"the path parameter {text!r} is not a {kind}")
    return text


def encode(text: str, kind: str = "segment") -> str:
    """Encode a checked parameter; of a file's path the slashes stay."""
    return quote(text, safe="/" if kind == "file" else "")


def unescape(raw: str, reason: str) -> str:
    """Percent-decode once; what cannot be decoded is refused by `reason`.

    Raises:
        Refusal: an escape is broken, or the bytes are not UTF-8.
    """
    if _BROKEN_ESCAPE.search(raw):
        raise Refusal(reason, f"{raw[:100]!r} holds a broken percent escape")
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(reason, f"{raw[:100]!r} does not decode to UTF-8") from None


def _part(text: str) -> str | Parameter:
    match = _PARAMETER.fullmatch(text)
    if match is None:
        return text
    kind = match[2] or "segment"
    if kind not in PATTERNS:
        raise ValueError(f"no kind of parameter is named {kind}")
    return Parameter(match[1], kind)
