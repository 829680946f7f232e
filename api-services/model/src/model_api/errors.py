"""Why model-api refuses; the caller acts, unless the reason says otherwise."""

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
    "connections": Reason(429),
    "rate": Reason(429),
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


class ModelRefusal(Refusal):
    """A request that model-api answers itself, in the form in which its dialect gives errors."""

    reasons = REASONS
    reason_header = "x-agent-gateway-error"
    challenge: ClassVar[None] = None
