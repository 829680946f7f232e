"""The Messages API as a dialect of model-api."""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from genai_prices import Usage, calc_price
from pydantic import BaseModel, NonNegativeInt, ValidationError
from service_kit.body import build_json
from starlette.datastructures import Headers

from model_api.dialect import CheckedRequest, Meter, Operation
from model_api.dialects.messages.checking import LEAST_THINKING, check
from model_api.dialects.messages.schema import CountRequest, MessagesRequest
from model_api.dialects.messages.usage import StreamMeter, WholeMeter
from model_api.errors import ModelRefusal
from model_api.tokens import Tokens

CREATE = Operation("/v1/messages")
COUNT = Operation("/v1/messages/count_tokens", paid=False)
REPLY_HEADERS = frozenset(
    {"content-type", "cache-control", "request-id", "retry-after", "retry-after-ms", "x-should-retry"}
)
REPLY_HEADER_PREFIX = "anthropic-ratelimit-"
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
    "connections": "rate_limit_error",
    "rate": "rate_limit_error",
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


class Counted(BaseModel):
    """The vendor's count of a request's input."""

    input_tokens: NonNegativeInt


class MessagesDialect:
    """The Anthropic Messages API: `POST /v1/messages`, and its count_tokens, which costs nothing."""

    operations = (CREATE, COUNT)
    request_id_header = "request-id"
    count_path = COUNT.path

    def check(self, operation: Operation, raw: bytes, headers: Headers, query: bytes) -> CheckedRequest:
        """Check a request whole; see `checking`."""
        return check(raw, headers, query, kind=MessagesRequest if operation == CREATE else CountRequest)

    def cap(self, request: CheckedRequest, output: int) -> CheckedRequest:
        """Lower `max_tokens`, and the thinking budget to lie within it."""
        if output >= request.max_output:
            return request
        document = {**request.document, "max_tokens": output}
        thinking = document.get("thinking")
        if isinstance(thinking, dict) and isinstance(budget := thinking.get("budget_tokens"), int) and budget >= output:
            document["thinking"] = {**thinking, "budget_tokens": max(LEAST_THINKING, output // 2)}
        return replace(request, document=document, content=build_json(document), max_output=output)

    def count_body(self, request: CheckedRequest) -> bytes:
        """Return the fields of the request that count_tokens takes."""
        fields = CountRequest.model_fields
        return build_json({name: value for name, value in request.document.items() if name in fields})

    def read_count(self, body: bytes) -> int | None:
        """Return `input_tokens` of a reply of count_tokens."""
        try:
            return Counted.model_validate_json(body).input_tokens
        except ValidationError:
            return None

    def meter(self, *, stream: bool) -> Meter:
        """Return a meter of a stream's events, or of a whole reply."""
        return StreamMeter() if stream else WholeMeter()

    def price(self, model: str, tokens: Tokens) -> Decimal:
        """Return the price by the table of genai-prices."""
        usage = Usage(
            input_tokens=tokens.input + tokens.cache_read + tokens.cache_write,
            output_tokens=tokens.output,
            cache_read_tokens=tokens.cache_read,
            cache_write_tokens=tokens.cache_write,
            cache_write_1h_tokens=tokens.cache_write_1h,
        )
        return calc_price(usage, model, provider_id="anthropic").total_price

    def passed_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the type and id of the reply, when to come back, and the limits of the rate."""
        lower = {name.lower(): value for name, value in headers.items()}
        return {
            name: value
            for name, value in lower.items()
            if name in REPLY_HEADERS or name.startswith(REPLY_HEADER_PREFIX)
        }

    def error(self, refusal: ModelRefusal) -> bytes:
        """Return the refusal as `{"type": "error", "error": {"type", "message"}}`."""
        error = {"type": ERROR_TYPES[refusal.reason], "message": refusal.message}
        return json.dumps({"type": "error", "error": error}).encode()
