"""Replies of the Messages API: blocks, usage, and the events of a stream."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stand_ins.model.conversation import Conversation
from stand_ins.model.errors import ScenarioError
from stand_ins.model.scenario import Step
from stand_ins.model.templates import Templates

STRUCTURED_TOOL = "StructuredOutput"
PIECE = 24
"""Characters in one delta."""


@dataclass(frozen=True)
class Reply:
    """What a step says, ready to be sent whole or as a stream."""

    model: str
    content: list[dict[str, Any]]
    stop_reason: str
    usage: dict[str, int]
    id: str

    def message(self) -> dict[str, Any]:
        """Give the reply as one message object."""
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": self.content,
            "stop_reason": self.stop_reason,
            "stop_sequence": None,
            "usage": self.usage,
        }

    def events(self) -> Iterator[dict[str, Any]]:
        """Give the reply as the events of a stream, in the order that the API sends them."""
        opening = self.message() | {"content": [], "stop_reason": None}
        opening["usage"] = self.usage | {"output_tokens": 1}
        yield {"type": "message_start", "message": opening}
        for index, block in enumerate(self.content):
            yield from block_events(index, block)
        delta = {"stop_reason": self.stop_reason, "stop_sequence": None}
        yield {"type": "message_delta", "delta": delta, "usage": self.usage}
        yield {"type": "message_stop"}


def play(step: Step, conversation: Conversation, *, request_bytes: int) -> Reply:
    """Make the reply that a step gives in a conversation. Raises ScenarioError."""
    templates = Templates(conversation)
    content: list[dict[str, Any]] = []
    if step.thinking is not None:
        text = str(templates.render(step.thinking))
        content.append({"type": "thinking", "thinking": text, "signature": "c3RhbmQtaW4="})
    if step.text is not None:
        content.append({"type": "text", "text": str(templates.render(step.text))})
    for call in step.calls():
        name = conversation.full_name(str(templates.render(call.tool)))
        content.append(_tool_use(name, templates.render(call.input)))
    if step.structured is not None:
        content.append(_tool_use(_structured_tool(conversation), templates.render(step.structured)))
    uses = any(block["type"] == "tool_use" for block in content)
    return Reply(
        model=conversation.model,
        content=content,
        stop_reason=step.stop_reason or ("tool_use" if uses else "end_turn"),
        usage={
            "input_tokens": max(1, request_bytes // 4),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": max(1, len(json.dumps(content)) // 4),
        }
        | step.usage,
        id=f"msg_{secrets.token_hex(12)}",
    )


def block_events(index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the start, deltas and stop of one content block."""
    kind = block["type"]
    if kind == "text":
        start, name, pieces = {"type": "text", "text": ""}, "text", _pieces(block["text"])
    elif kind == "thinking":
        start, name = {"type": "thinking", "thinking": "", "signature": ""}, "thinking"
        pieces = _pieces(block["thinking"])
    else:
        start, name = block | {"input": {}}, "partial_json"
        pieces = _pieces(json.dumps(block["input"]))
    delta_type = "input_json_delta" if kind == "tool_use" else f"{kind}_delta"
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for piece in pieces:
        yield {"type": "content_block_delta", "index": index, "delta": {"type": delta_type, name: piece}}
    if kind == "thinking":
        delta = {"type": "signature_delta", "signature": block["signature"]}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def sse(event: dict[str, Any]) -> bytes:
    """Give one event in the text form of a stream."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _tool_use(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ScenarioError(f"input of {name} is no object: {value!r}")
    return {"type": "tool_use", "id": f"toolu_{secrets.token_hex(12)}", "name": name, "input": value}


def _structured_tool(conversation: Conversation) -> str:
    if STRUCTURED_TOOL in conversation.tools:
        return STRUCTURED_TOOL
    raise ScenarioError(f"structured: the CLI offers no tool {STRUCTURED_TOOL}: run it with --json-schema")


def _pieces(text: str) -> list[str]:
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)] or [""]
