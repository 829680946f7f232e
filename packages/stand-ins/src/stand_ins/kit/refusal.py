"""Refusals in a vendor's own shape: what a route raises, and what the kit itself must be able to say."""

from collections.abc import Mapping
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """An answer other than the one asked for.

    Args:
        status: the HTTP status; a vendor may refuse with 200.
        body: what is sent as JSON.
        headers: headers beside the content type.
    """

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


class Errors(Protocol):
    """The refusals of a vendor that the kit itself gives."""

    def unknown_route(self, request: Request) -> Refusal:
        """Say that no route has this path and method."""

    def server_error(self, status: int) -> Refusal:
        """Say that the vendor's server failed."""

    def rate_limited(self, seconds: float, status: int | None = None) -> Refusal:
        """Say that a limit is used up for `seconds`, with the vendor's status unless told another."""


async def respond(_: Request, refusal: Exception) -> Response:
    """Answer a request with the refusal that its route raised."""
    if not isinstance(refusal, Refusal):
        raise refusal
    return JSONResponse(refusal.body, status_code=refusal.status, headers=refusal.headers)
