"""Multipart bodies: read strictly, and written anew from their checked parts; a file's bytes are kept as base64."""

import base64
import hashlib
import re

from service_kit.body import FILE_MEDIA_TYPE
from service_kit.json_text import Json

from api_kit.errors import Refusal

_BOUNDARY = re.compile(r'multipart/form-data\s*;\s*boundary=(?:"([^"\\]{1,70})"|([!-~]{1,70}))\s*', re.IGNORECASE)
_DISPOSITION = re.compile(
    r'form-data; ?name="([A-Za-z0-9_.\[\]-]{1,100})"(?:; ?filename="([^"\\/\x00-\x1f\x7f]{1,200})")?'
)


class File(dict[str, Json]):
    """A file's part: `filename`, `media_type` and `base64`. A document that looks like it is none."""


def parse(raw: bytes, content_type: str) -> dict[str, Json]:
    """Read the parts: a text for a field, a `File` for a file.

    Raises:
        Refusal: `content_type` or `body`.
    """
    match = _BOUNDARY.fullmatch(content_type)
    if match is None:
        raise Refusal("content_type", f"the body's content type is {content_type[:100]!r}, not multipart/form-data")
    pieces = (b"\r\n" + raw).split(b"\r\n--" + (match[1] or match[2]).encode())
    if len(pieces) < 2 or pieces[0] or pieces[-1] not in (b"--", b"--\r\n"):
        raise Refusal("body", "the multipart body is not whole")
    found: dict[str, Json] = {}
    for piece in pieces[1:-1]:
        name, value = _part(piece)
        if name in found:
            raise Refusal("body", f"the part {name!r} is given twice")
        found[name] = value
    return found


def _part(piece: bytes) -> tuple[str, Json]:
    head, separator, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers: dict[str, str] = {}
    try:
        for line in head.decode("utf-8").split("\r\n"):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        match = _DISPOSITION.fullmatch(headers.pop("content-disposition", ""))
        media = headers.pop("content-type", "application/octet-stream").lower()
        if not separator or match is None or headers or not FILE_MEDIA_TYPE.fullmatch(media):
            raise Refusal("body", "a part's headers are not a plain form-data disposition and a media type")
        if match[2] is None:
            return match[1], content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal("body", "a part that is no file is not UTF-8") from None
    return match[1], File(filename=match[2], media_type=media, base64=base64.b64encode(content).decode())


def build(parts: dict[str, Json]) -> tuple[bytes, str]:
    """Write the parts anew; the boundary is made of what they hold."""
    written: list[tuple[bytes, bytes]] = []
    for name, value in parts.items():
        disposition = f'Content-Disposition: form-data; name="{name}"'
        if isinstance(value, dict):
            head = f'{disposition}; filename="{value["filename"]}"\r\nContent-Type: {value["media_type"]}'
            written.append((head.encode(), content_of(value)))
        else:
            written.append((disposition.encode(), str(value).encode()))
    boundary = hashlib.sha256(b"\0".join(part for pair in written for part in pair)).hexdigest().encode()
    lines = [b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary, head, content) for head, content in written]
    return b"".join([*lines, b"--%s--\r\n" % boundary]), f"multipart/form-data; boundary={boundary.decode()}"


def content_of(file: dict[str, Json]) -> bytes:
    """Return a file's bytes."""
    return base64.b64decode(str(file["base64"]), validate=True)
