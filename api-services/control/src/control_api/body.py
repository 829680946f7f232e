"""Bodies of requests: said to be JSON, read within limits, and strict."""

from collections.abc import Mapping

from service_kit import body as bodies
from service_kit.json_text import Json, read_json
from service_kit.refusal import Reason
from starlette.requests import Request

from control_api.errors import Refusal

BODY_SECONDS = 10.0
UNREAD = {
    "body": Reason(400, "Send one JSON document without duplicate keys, with the fields of this route only."),
    "body_too_large": Reason(413, "Send a smaller body."),
    "body_timeout": Reason(408, "Send the whole body at once."),
}
"""Why a body could not be read."""


def demand_json(headers: Mapping[str, str], remedy: str = "Send Content-Type: application/json.") -> None:
    """Check that a request's headers say that its body is JSON.

    Raises:
        Refusal: it says something else, or nothing.
    """
    kind = headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "content_type", f"the content type is {kind[:100]!r}, not application/json", remedy)


async def read_body(request: Request, *, limit: int) -> bytes:
    """Read a request's body.

    Raises:
        Refusal: it is larger than the limit, or does not come in time.
    """
    return await bodies.read_body(request.receive, limit=limit, seconds=BODY_SECONDS, refuse=_unread)


def parsed(body: bytes, remedy: str) -> Json:
    """Read a body's JSON.

    Raises:
        Refusal: it is no strict JSON in UTF-8; says why.
    """
    try:
        return read_json(body.decode())
    except ValueError as error:
        raise Refusal(400, "json", f"the body is not JSON: {str(error)[:200]}", remedy) from None


def _unread(reason: str, message: str) -> Refusal:
    return Refusal(UNREAD[reason].status, reason, message, UNREAD[reason].remedy)
