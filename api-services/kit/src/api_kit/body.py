"""Bodies: read within limits, strict JSON, only listed fields; what is sent is made anew from what was checked."""

import asyncio
import json
from dataclasses import dataclass

from service_kit.json_text import Json, read_json
from starlette.types import Receive

from api_kit.errors import Refusal


@dataclass(frozen=True)
class Body:
    """What a route takes: a JSON object with these fields, or where `bare_list` is set, a list in its place.

    Attributes:
        texts: the fields that people read as Markdown.
    """

    fields: frozenset[str]
    bare_list: bool = False
    texts: frozenset[str] = frozenset()


async def read(receive: Receive, *, limit: int, seconds: float) -> bytes:
    """Read a request's body.

    Raises:
        Refusal: `body_too_large`, `body_timeout`, or `body` when the caller went away.
    """
    chunks = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refusal("body", "the caller went away before its body was whole")
                chunks += message.get("body", b"")
                if len(chunks) > limit:
                    raise Refusal("body_too_large", f"the body is larger than {limit} bytes")
                if not message.get("more_body", False):
                    return bytes(chunks)
    except TimeoutError:
        raise Refusal("body_timeout", f"the body did not come within {seconds:g} s") from None


def parse(raw: bytes, content_type: str, encoding: str, shape: Body) -> Json:
    """Read a JSON body of a route.

    Raises:
        Refusal: `content_type`, or `body`: it is no strict JSON, or holds what the route does not list.
    """
    media, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if media.strip().lower() != "application/json" or charset not in ("", "charset=utf-8") or encoding:
        raise Refusal("content_type", f"the body's content type is {content_type[:100]!r} ({encoding or 'identity'})")
    try:
        document = read_json(raw.decode("utf-8"))
        build(document)
    except UnicodeError:
        raise Refusal("body", "the body is not UTF-8, or names a lone surrogate") from None
    except (ValueError, RecursionError) as error:
        raise Refusal("body", f"the body is not JSON as it should be: {str(error)[:200]}") from None
    if isinstance(document, list) and shape.bare_list:
        return document
    if not isinstance(document, dict):
        raise Refusal("body", "the body is not a JSON object")
    unknown = sorted(document.keys() - shape.fields)
    if unknown:
        listed = ", ".join(sorted(shape.fields))
        raise Refusal("body", f"the body's field {unknown[0][:100]!r} is not one of this route ({listed})")
    return document


def build(document: Json) -> bytes:
    """Make a body from a checked document."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
