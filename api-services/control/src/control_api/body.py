"""Bodies of requests: said to be JSON, read within limits, and strict."""

from collections.abc import Mapping

from api_kit.body import read
from api_kit.errors import Refusal as BodyRefusal
from service_kit.json_text import Json, read_json
from starlette.requests import Request

from control_api.errors import Refusal

BODY_SECONDS = 10.0


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
    try:
        return await read(request.receive, limit=limit, seconds=BODY_SECONDS)
    except BodyRefusal as refusal:
        raise Refusal(refusal.status, refusal.reason, refusal.message, refusal.remedy) from None


def parsed(body: bytes, remedy: str) -> Json:
    """Read a body's JSON.

    Raises:
        Refusal: it is no strict JSON in UTF-8; says why.
    """
    try:
        return read_json(body.decode())
    except ValueError as error:
        raise Refusal(400, "json", f"the body is not JSON: {str(error)[:200]}", remedy) from None
