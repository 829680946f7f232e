"""A made-up dialect in the shape of OpenAI's Responses API, which proves that the core knows no vendor's API."""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from model_api.dialect import CheckedRequest, Meter, Operation
from model_api.errors import ModelRefusal
from model_api.tokens import StreamEvents, Tokens, figure, read_object
from service_kit.body import build_json, check_fields, parse_json
from starlette.datastructures import Headers

FIELDS = {"model", "input", "instructions", "max_output_tokens", "stream"}
LAST_EVENTS = ("response.completed", "response.incomplete", "response.failed")
SENT = {"content-type": "application/json", "accept-encoding": "identity"}
EXTRA_TOKENS = 1_000


class ResponsesMeter:
    """Reads the usage of a `response` object: of a stream's events, the last one that has a usage counts."""

    def __init__(self, *, stream: bool) -> None:
        self._events = StreamEvents() if stream else None
        self._body = bytearray()
        self._usage: dict[str, Any] = {}
        self.over = False

    @property
    def complete(self) -> bool:
        """Whether the reply said both figures."""
        return all(figure(self._usage.get(name), -1) >= 0 for name in ("input_tokens", "output_tokens"))

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        if self._events is None:
            self._body += chunk
            self._take(read_object(self._body))
            return
        for event in self._events.feed(chunk):
            self._take(event.get("response"))
            self.over = self.over or event.get("type") in LAST_EVENTS

    def tokens(self) -> Tokens:
        """Return the usage so far."""
        return Tokens(figure(self._usage.get("input_tokens"), 0), figure(self._usage.get("output_tokens"), 0))

    def seen(self) -> Tokens | None:
        """Return nothing before the reply's end."""
        return None

    def _take(self, response: object) -> None:
        usage = response.get("usage") if isinstance(response, dict) else None
        if isinstance(usage, dict):
            self._usage = usage


class ResponsesDialect:
    """`POST /v1/responses`, whose input nobody counts for nothing."""

    operations = (Operation("/v1/responses"),)
    request_id_header = "x-request-id"
    count_path = None

    def check(self, operation: Operation, raw: bytes, headers: Headers, query: bytes) -> CheckedRequest:
        """Check that a request holds the listed fields alone, and no query."""
        if query:
            raise ModelRefusal("query", "query: none is passed on")
        encoding = headers.get("content-encoding", "")
        parsed = parse_json(raw, headers.get("content-type", ""), encoding, ModelRefusal)
        body = check_fields(parsed, FIELDS, ModelRefusal)
        model, output = body.get("model"), body.get("max_output_tokens")
        if not isinstance(model, str) or not isinstance(output, int) or output < 1:
            raise ModelRefusal("body", "model and max_output_tokens are needed")
        bound = len(raw) + EXTRA_TOKENS
        return CheckedRequest(model, body.get("stream") is True, body, build_json(body), SENT, bound, max_output=output)

    def cap(self, request: CheckedRequest, output: int) -> CheckedRequest:
        """Lower `max_output_tokens`."""
        least = min(output, request.max_output)
        document = {**request.document, "max_output_tokens": least}
        return replace(request, document=document, content=build_json(document), max_output=least)

    def count_body(self, request: CheckedRequest) -> bytes:
        """Return the input; it is never asked for."""
        return build_json(request.document["input"])

    def read_count(self, body: bytes) -> int | None:
        """Read nothing: no vendor counts."""
        return None

    def meter(self, *, stream: bool) -> Meter:
        """Return a meter of one reply."""
        return ResponsesMeter(stream=stream)

    def price(self, model: str, tokens: Tokens) -> Decimal:
        """Return a price of a millionth of a dollar for each token of input, and of ten for output."""
        if model != "sample-large":
            raise LookupError(model)
        return Decimal(tokens.input + tokens.cache_write + 10 * tokens.output) / 1_000_000

    def passed_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the reply's type and id."""
        return {
            name.lower(): value for name, value in headers.items() if name.lower() in ("content-type", "x-request-id")
        }

    def error(self, refusal: ModelRefusal) -> bytes:
        """Return the refusal as `{"error": {"code", "message"}}`."""
        return json.dumps({"error": {"code": refusal.reason, "message": refusal.message}}).encode()
