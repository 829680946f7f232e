"""Bodies of requests: said to be JSON, read within limits, and strict."""

from collections.abc import Mapping

from service_kit import body as bodies
from service_kit.json_text import Json
from starlette.requests import Request

from control_api.errors import Refusal

BODY_SECONDS = 10.0
MOST_VALUES = 500_000
"""More than the largest event that GitHub sends has: a push with thousands of commits and files."""


async def read_body(request: Request, *, limit: int) -> bytes:
    """Read a request's body.

    Raises:
        Refusal: it is larger than the limit, or does not come in time.
    """
    return await bodies.read_body(request.receive, limit=limit, seconds=BODY_SECONDS, refuse=Refusal)


def parse_json(body: bytes, headers: Mapping[str, str], remedy: str) -> Json:
    """Read a body's JSON, whose texts may hold lone surrogates.

    Raises:
        Refusal: `content_type`; or `json`: it is no strict JSON in UTF-8, with the remedy given.
    """

    def refuse(reason: str, message: str) -> Refusal:
        return Refusal("json", message, remedy=remedy) if reason == "body" else Refusal(reason, message)

    kind, encoding = headers.get("content-type", ""), headers.get("content-encoding", "")
    return bodies.parse_json(body, kind, encoding, refuse, lone_surrogates=True, most_values=MOST_VALUES)
