"""Our own refusals, in the Messages API's form; the caller acts, unless the reason says otherwise."""

import json
from dataclasses import dataclass

from api_kit.errors import REASON_HEADER


@dataclass(frozen=True)
class Reason:
    """What a reason means on the wire: the status and the Messages API's error type."""

    status: int
    type: str


REASONS: dict[str, Reason] = {
    # who calls
    "token": Reason(401, "authentication_error"),
    "stale_attempt": Reason(403, "permission_error"),
    "model": Reason(403, "permission_error"),
    # the request as such
    "host": Reason(421, "invalid_request_error"),
    "origin": Reason(403, "permission_error"),
    "unknown_route": Reason(404, "not_found_error"),
    "method": Reason(405, "invalid_request_error"),
    "header": Reason(400, "invalid_request_error"),
    "query": Reason(400, "invalid_request_error"),
    "content_type": Reason(415, "invalid_request_error"),
    "body": Reason(400, "invalid_request_error"),
    "body_too_large": Reason(413, "request_too_large"),
    "body_timeout": Reason(408, "invalid_request_error"),
    # budgets: of the task, of its skill and of its tenant a day
    "budget_usd": Reason(402, "billing_error"),
    "budget_tokens": Reason(402, "billing_error"),
    "budget_skill_day": Reason(402, "billing_error"),
    "budget_tenant_day": Reason(402, "billing_error"),
    "budget_held": Reason(429, "rate_limit_error"),
    # the operator or the vendor acts
    "spending_unavailable": Reason(503, "api_error"),
    "upstream_unreachable": Reason(502, "api_error"),
    "upstream_timeout": Reason(504, "timeout_error"),
    "upstream_broken": Reason(502, "api_error"),
    "reply_too_large": Reason(502, "api_error"),
    "internal": Reason(500, "api_error"),
}


class ModelRefusal(Exception):
    """A request that model-api answers itself.

    Args:
        reason: a key of `REASONS`.
        message: what was wrong, with which value, and what to do; shown to the caller.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        known = REASONS[reason]
        self.reason = reason
        self.status = known.status
        self.type = known.type
        self.message = message

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Give the refusal's headers, the reason among them."""
        names = {"content-type": "application/json", REASON_HEADER: self.reason}
        return [(name.encode(), value.encode()) for name, value in names.items()]

    def body(self) -> bytes:
        """Give the refusal as the Messages API gives errors."""
        return json.dumps({"type": "error", "error": {"type": self.type, "message": self.message}}).encode()
