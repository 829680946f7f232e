"""What can go wrong in the model stand-in, by who acts next; and the vendor's words for it."""

import secrets
from collections.abc import Mapping

from starlette.requests import Request

from stand_ins.kit.refusal import Refusal

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class StandInError(Exception):
    """The base of the stand-in's errors."""


class ScenarioError(StandInError):
    """The scenario's author acts: the message names the scenario, the key and the fault."""


class BadRequestError(StandInError):
    """The caller acts: the request is not what the Messages API accepts."""


def refused(status: int, message: str, *, kind: str | None = None, headers: Mapping[str, str] | None = None) -> Refusal:
    """Return a refusal in the Messages API's shape; its error type goes by the status unless told."""
    fallback = "api_error" if status >= 500 else "invalid_request_error"
    error = {"type": kind or ERROR_TYPES.get(status, fallback), "message": message}
    request_id = f"req_{secrets.token_hex(12)}"
    body = {"type": "error", "error": error, "request_id": request_id}
    return Refusal(status, body, {"request-id": request_id, **(headers or {})})


class ModelErrors:
    """What the kit says in the Messages API's words."""

    def unknown_route(self, _: Request) -> Refusal:
        """Say 404."""
        return refused(404, "Not found")

    def server_error(self, status: int) -> Refusal:
        """Say that the vendor failed."""
        return refused(status, "Internal server error")

    def rate_limited(self, seconds: float, status: int | None = None) -> Refusal:
        """Say 429 with retry-after."""
        return refused(status or 429, "Rate limited", headers={"retry-after": str(round(seconds) or 1)})
