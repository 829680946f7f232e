"""Reads request bodies within a number of bytes and seconds, as strict JSON of listed fields, and writes JSON to send.

Each function takes `refuse`, which makes the service's own refusal of a reason and a message. The reasons are `body`,
`body_too_large`, `body_timeout` and `content_type`. The present share (`request_shares`) counts bytes before they are
kept and values before they are parsed, and refuses with `rate`.
"""

import asyncio
import re
from collections.abc import Callable, Set
from typing import TypeVar

from pydantic_core import PydanticSerializationError, to_json
from starlette.types import Receive

from service_kit.json_text import MOST_VALUES, Json, read_json
from service_kit.refusal import Refusal
from service_kit.request_shares import take_bytes

Refuse = Callable[[str, str], Refusal]
T = TypeVar("T")
JSON = "application/json"
LARGE_BYTES = 65_536
"""Work on a smaller body takes less time than the way to a thread and back."""
FILE_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}(?:; ?charset=[a-zA-Z0-9-]{1,20})?")
"""The media types that an uploaded file may have, at servers and gateways."""


async def read_body(receive: Receive, *, limit: int, seconds: float, refuse: Refuse) -> bytes:
    """Return a request's whole body of at most `limit` bytes, which may take `seconds` in all.

    Raises:
        Refusal: `body_too_large`, `body_timeout`, `rate`, or `body` when the caller went away.
    """
    chunks = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise refuse("body", "the caller disconnected before its body was complete")
                chunk = message.get("body", b"")
                if len(chunks) + len(chunk) > limit:
                    raise refuse("body_too_large", f"the body is larger than {limit} bytes: send a smaller one")
                take_bytes(len(chunks), len(chunks) + len(chunk))
                chunks += chunk
                if not message.get("more_body", False):
                    return bytes(chunks)
    except TimeoutError:
        raise refuse("body_timeout", f"the body did not come within {seconds:g} s") from None


async def work_on(raw: bytes, work: Callable[[], T]) -> T:
    """Return what work on a body gives. On a large body it is done in a thread, so that other requests go on."""
    return work() if len(raw) < LARGE_BYTES else await asyncio.to_thread(work)


def check_media(content_type: str, encoding: str, refuse: Refuse, *, media: str = JSON) -> None:
    """Check that a body is of a media type, in UTF-8 and without a content encoding (`encoding` is empty for none).

    Raises:
        Refusal: `content_type`.
    """
    given, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if given.strip().lower() != media or charset not in ("", "charset=utf-8") or encoding:
        told = f"{content_type[:100]!r} ({encoding[:100] or 'identity'})"
        raise refuse("content_type", f"the body's content type is {told}, not {media} in UTF-8")


def parse_json(
    raw: bytes,
    content_type: str,
    encoding: str,
    refuse: Refuse,
    *,
    lone_surrogates: bool = False,
    most_values: int = MOST_VALUES,
) -> Json:
    """Return the document of a JSON body.

    With `lone_surrogates` texts may hold half of a surrogate pair, which cannot be sent on in UTF-8.

    Raises:
        Refusal: `content_type`; `rate`; or `body`: it is not strict JSON in UTF-8, or has too many values or levels.
    """
    check_media(content_type, encoding, refuse)
    try:
        document = read_json(raw, most_values)
        if not lone_surrogates and rb"\u" in raw:
            build_json(document)
    except (UnicodeError, PydanticSerializationError):
        raise refuse("body", "the body is not UTF-8, or names a lone surrogate") from None
    except (ValueError, RecursionError) as error:
        raise refuse("body", f"the body is not strict JSON: {str(error)[:200]}") from None
    return document


def check_fields(document: Json, fields: Set[str], refuse: Refuse) -> dict[str, Json]:
    """Return a document once it is known to be an object with no other fields than these.

    Raises:
        Refusal: `body`; the message names the field.
    """
    if not isinstance(document, dict):
        raise refuse("body", "the body is not a JSON object")
    unknown = sorted(document.keys() - fields)
    if unknown:
        listed = ", ".join(sorted(fields))
        raise refuse("body", f"the body's field {unknown[0][:100]!r} is not one of this route ({listed})")
    return document


def build_json(document: Json) -> bytes:
    """Return the bytes of a checked document, to be sent on."""
    return to_json(document)
