"""What control refuses: each refusal has a reason, says what was wrong and what to do. The caller acts."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from agent_ledger import UnreadableRow
from agent_stores.pool import DATABASE_ERRORS
from prometheus_client import CollectorRegistry, Counter
from service_kit import refusal
from service_kit.guard import Misdirected
from service_kit.log import get_logger
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


def answer(document: dict[str, Any], status: int = 200) -> Response:
    """Answer with JSON in ASCII, which holds whatever a payload held: broken surrogates too."""
    return Response(json.dumps(document), status, media_type="application/json")


class ErrorAnswers:
    """The answers to errors that end a request; each is a refusal, and counted.

    Args:
        registry: where refusals are counted.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._refusals = Counter("control_refusals", "Requests refused", ["reason"], registry=registry)

    def handlers(self) -> dict[Any, Callable[[Request, Exception], Awaitable[Response]]]:
        """Give what Starlette calls for each kind of error."""
        return {
            Refusal: self._refused,
            HTTPException: self._unrouted,
            UnreadableRow: self._unreadable,
            **dict.fromkeys(DATABASE_ERRORS, self._unavailable),
        }

    def misdirected(self, found: Misdirected) -> Response:
        """Answer a request whose Host or Origin is not ours."""
        return self._counted(Refusal(found.status, found.reason, found.message, found.remedy))

    async def _refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        get_logger(__name__).info("refused", reason=error.reason, path=request.url.path, status=error.status)
        return self._counted(error)

    async def _unrouted(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        message = f"{request.method} {request.url.path[:200]} is not served here"
        response = self._counted(Refusal(error.status_code, "route", message, "GET /openapi.json lists what is."))
        response.headers.update(error.headers or {})
        return response

    async def _unavailable(self, _: Request, error: Exception) -> Response:
        get_logger(__name__).error("database", error=str(error))
        message, remedy = "the database does not answer", "Nothing was accepted: try again later."
        return self._counted(Refusal(503, "database", message, remedy))

    async def _unreadable(self, _: Request, error: Exception) -> Response:
        get_logger(__name__).error("unreadable", error=str(error))
        return self._counted(Refusal(500, "unreadable", str(error), "Tell the operator."))

    def _counted(self, refusal: Refusal) -> Response:
        self._refusals.labels(refusal.reason).inc()
        return refusal.response()
