"""Files that a tool uploads, as parts of a multipart body. Pure."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service_kit.body import FILE_MEDIA_TYPE
from service_kit.http import Files
from service_kit.untrusted_text import clean_line

from mcp_kit.errors import WrongArguments

LONGEST_NAME = 200


@dataclass(frozen=True)
class File:
    """A file to upload, of a filename and media type that our gateways take; others raise WrongArguments."""

    filename: str
    content: bytes
    media_type: str = "application/octet-stream"

    def __post_init__(self) -> None:
        hidden = any(unicodedata.category(one) in ("Cc", "Cs") for one in self.filename)
        if hidden or not 1 <= len(self.filename) <= LONGEST_NAME or set(self.filename) & set('"\\/'):
            raise WrongArguments(
                f"{clean_line(self.filename, 100)!r} cannot be a file's name; nothing was sent.",
                next_step="Give a name without a folder, quotes or control characters.",
            )
        if not FILE_MEDIA_TYPE.fullmatch(self.media_type):
            raise WrongArguments(
                f"{clean_line(self.media_type, 100)!r} is not a media type; nothing was sent.",
                next_step="Give one such as text/plain.",
            )


Parts = Mapping[str, str | File]
"""The parts of a multipart body by name: a text or a file."""


def files_of(parts: Parts) -> Files:
    """Return the parts in the form in which `HttpClient` sends them."""
    return {
        name: (part.filename, part.content, part.media_type) if isinstance(part, File) else (None, part, None)
        for name, part in parts.items()
    }


def described(parts: Parts) -> dict[str, Any]:
    """Return what a dry run shows of the parts: of a file its name, its media type and how many bytes it has."""
    return {
        name: {"filename": part.filename, "media_type": part.media_type, "bytes": len(part.content)}
        if isinstance(part, File)
        else part
        for name, part in parts.items()
    }
