"""Why model-api refuses; the caller acts, unless the reason says otherwise."""

import json
from typing import ClassVar

from service_kit.refusal import Reason, Refusal

REASONS: dict[str, Reason] = {
    # who calls
    "token": Reason(401),
    "stale_attempt": Reason(403),
    "model": Reason(403),
    # the request as such
    "host": Reason(421),
    "origin": Reason(403),
    "unknown_route": Reason(404),
    "method": Reason(405),
    "header": Reason(400),
    "query": Reason(400),
    "content_type": Reason(415),
    "body": Reason(400),
    "body_too_large": Reason(413),
    "body_timeout": Reason(408),
    # budgets: of the task, of its skill and of its tenant a day
    "budget_usd": Reason(402),
    "budget_tokens": Reason(402),
    "budget_skill_day": Reason(402),
    "budget_tenant_day": Reason(402),
    "budget_held": Reason(429),
    # the operator or the vendor acts
    "spending_unavailable": Reason(503),
    "upstream_unreachable": Reason(502),
    "upstream_timeout": Reason(504),
    "upstream_broken": Reason(502),
    "reply_too_large": Reason(502),
    "internal": Reason(500),
}


ERROR_TYPES = {
    "token": "authentication_error",
    "stale_attempt": "permission_error",
    "model": "permission_error",
    "host": "invalid_request_error",
    "origin": "permission_error",
    "unknown_route": "not_found_error",
    "method": "invalid_request_error",
    "header": "invalid_request_error",
    "query": "invalid_request_error",
    "content_type": "invalid_request_error",
    "body": "invalid_request_error",
    "body_too_large": "request_too_large",
    "body_timeout": "invalid_request_error",
    "budget_usd": "billing_error",
    "budget_tokens": "billing_error",
    "budget_skill_day": "billing_error",
    "budget_tenant_day": "billing_error",
    "budget_held": "rate_limit_error",
    "spending_unavailable": "api_error",
    "upstream_unreachable": "api_error",
    "upstream_timeout": "timeout_error",
    "upstream_broken": "api_error",
    "reply_too_large": "api_error",
    "internal": "api_error",
}
"""The Messages API's type of error for each reason."""


class ModelRefusal(Refusal):
    """A request that model-api answers itself."""

    reasons = REASONS
    reason_header = "x-agent-gateway-error"
    challenge: ClassVar[None] = None

    def body(self) -> bytes:
        """Return the refusal as the Messages API gives errors."""
        error = {"type": ERROR_TYPES[self.reason], "message": self.message}
        return json.dumps({"type": "error", "error": error}).encode()
