"""What control refuses: each refusal has a reason, says what was wrong and what to do. The caller acts."""

import json
from typing import Any

from service_kit import refusal
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

REASON_HEADER = "x-agent-control-error"


class Refusal(refusal.Refusal):
    """A request that control does not carry out.

    Args:
        status: the HTTP status.
        reason: a word from a closed list, safe to count.
        message: what was wrong, with which value.
        remedy: what the caller can do.
    """

    reason_header = REASON_HEADER

    def __init__(self, status: int, reason: str, message: str, remedy: str) -> None:
        super().__init__(reason, message, status=status, remedy=remedy)

    def body(self) -> bytes:
        """Return the refusal as a line of JSON."""
        return super().body() + b"\n"


def answer(document: dict[str, Any], status: int = 200) -> Response:
    """Answer with JSON in ASCII, which holds whatever a payload held: broken surrogates too."""
    return Response(json.dumps(document) + "\n", status, media_type="application/json")


async def answer_unrouted(request: Request, error: Exception) -> Response:
    """Answer a path or method that is not served as every other refusal."""
    assert isinstance(error, HTTPException)
    place = f"{request.method} {request.url.path[:200]}"
    unrouted = Refusal(error.status_code, "route", f"{place} is not served here", "GET /openapi.json lists what is.")
    response = unrouted.response()
    response.headers.update(error.headers or {})
    return response


async def answer_refusal(_: Request, error: Exception) -> Response:
    """Answer a refusal that a route raised."""
    assert isinstance(error, Refusal)
    return error.response()
