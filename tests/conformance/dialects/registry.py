"""The dialects that the shared rules are run over: a request, the vendor's replies, and the form of an error."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.dialects.responses import ResponsesDialect
from model_api.dialect import Dialect
from model_api.dialects.messages import MessagesDialect

Document = dict[str, Any]


def event(data: Document) -> bytes:
    """Return an event of a stream, as all of these dialects send it."""
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


@dataclass(frozen=True)
class Case:
    """What the shared rules must know of a dialect.

    Attributes:
        model: a model that has a list price.
        headers: those that the dialect demands.
        body: makes a request for so many output tokens, as a stream or not.
        output_field: the field of the request that bounds the output.
        whole: makes a whole reply of so many input and output tokens.
        stream: makes the events of a stream of so many input tokens, which says its output tokens several times. The
            last event is its end, and the one before it, or the end itself, says the last usage.
        error_of: gives the type or code, and the message, of an error's body.
    """

    name: str
    dialect: Dialect
    model: str
    headers: dict[str, str]
    body: Callable[[int, bool], Document]
    output_field: str
    whole: Callable[[int, int], Document]
    stream: Callable[[int, Sequence[int]], list[bytes]]
    error_of: Callable[[Document], tuple[str, str]]

    @property
    def path(self) -> str:
        """The operation that is paid for."""
        return next(operation.path for operation in self.dialect.operations if operation.paid)


def _messages_stream(read: int, written: Sequence[int]) -> list[bytes]:
    start: Document = {"type": "message_start", "message": {"usage": {"input_tokens": read, "output_tokens": 1}}}
    deltas: list[Document] = [
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": count}} for count in written
    ]
    return [event(one) for one in (start, *deltas, {"type": "message_stop"})]


def _responses_stream(read: int, written: Sequence[int]) -> list[bytes]:
    kinds = ["response.in_progress"] * (len(written) - 1) + ["response.completed"]
    usages = [{"input_tokens": read, "output_tokens": count} for count in written]
    first = {"type": "response.created", "response": {"usage": None}}
    said = [{"type": kind, "response": {"usage": usage}} for kind, usage in zip(kinds, usages, strict=True)]
    return [event(one) for one in (first, *said)]


CASES = (
    Case(
        name="messages",
        dialect=MessagesDialect(),
        model="claude-sonnet-5-5",
        headers={"anthropic-version": "2023-06-01"},
        body=lambda output, stream: {
            "model": "claude-sonnet-5-5",
            "max_tokens": output,
            "messages": [{"role": "user", "content": "x"}],
            "stream": stream,
        },
        output_field="max_tokens",
        whole=lambda read, written: {"usage": {"input_tokens": read, "output_tokens": written}},
        stream=_messages_stream,
        error_of=lambda body: (body["error"]["type"], body["error"]["message"]),
    ),
    Case(
        name="responses",
        dialect=ResponsesDialect(),
        model="sample-large",
        headers={},
        body=lambda output, stream: {
            "model": "sample-large",
            "max_output_tokens": output,
            "input": "x",
            "stream": stream,
        },
        output_field="max_output_tokens",
        whole=lambda read, written: {"usage": {"input_tokens": read, "output_tokens": written}},
        stream=_responses_stream,
        error_of=lambda body: (body["error"]["code"], body["error"]["message"]),
    ),
)
