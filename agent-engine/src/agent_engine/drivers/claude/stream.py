"""Reads the Claude CLI's stream-json: one line at a time into task events. All of it is the CLI's word alone."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agent_contracts.event import Body, RetryEvent, Text, Thinking, ToolCall, ToolResult, UsageEvent
from agent_contracts.event import Warning as WarningEvent
from agent_contracts.result import Usage

from agent_engine.drivers.claude.failures import failure_of, reason_of
from agent_engine.drivers.protocol import ProcessExit
from agent_engine.engines.outcome import CONNECTED, Failure

MOST = 1e15
SYNTHETIC = "<synthetic>"
"""The model of a message that the CLI made up itself, as it does to show an API error."""
ANSWER_TOOL = "StructuredOutput"
"""How the CLI lets the model give its answer: shown as a tool's call and result, and none."""
WARNINGS = frozenset({"model_fallback", "model_refusal_no_fallback", "informational"})
TOKENS = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
}


class ClaudeStream:
    """Reads one run's stdout; see `protocol.Stream`."""

    def __init__(self, servers: Iterable[str]) -> None:
        self._servers = sorted(servers, key=len, reverse=True)
        self._calls: dict[str, tuple[str | None, str]] = {}
        self._denied: set[str] = set()
        self._usage: dict[str, Mapping[str, Any]] = {}
        self._answering: set[str] = set()
        self._result_event: Mapping[str, Any] | None = None
        self.servers: Mapping[str, str] | None = None
        self.answered = False

    @property
    def answer(self) -> Any:
        """What the last result holds in the form that was asked for."""
        return self._result_event.get("structured_output") if self._result_event is not None else None

    def failure(self, end: ProcessExit) -> Failure | None:
        """Say why it came to no answer; see `failures`."""
        return failure_of(self._result_event, end, started=self.servers is not None)

    def parse(self, line: bytes) -> list[Body]:
        """Give the events in a line; noise, and what is unknown, gives none."""
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            return []
        if not isinstance(event, dict):
            return []
        read = {
            "system": self._system,
            "assistant": self._assistant,
            "user": self._user,
            "result": self._result,
        }.get(str(event.get("type")))
        return list(read(event)) if read else []

    def _system(self, event: Mapping[str, Any]) -> Iterator[Body]:
        subtype = event.get("subtype")
        if subtype == "init":
            listed = _mappings(event.get("mcp_servers"))
            self.servers = {str(server.get("name")): str(server.get("status")) for server in listed}
            for name, state in self.servers.items():
                if state != CONNECTED:
                    yield WarningEvent(message=f"MCP server {name} is {state}")
        elif subtype == "permission_denied":
            self._denied.add(str(event.get("tool_use_id")))
        elif subtype == "api_retry":
            status = event.get("error_status")
            said, attempt, most = event.get("error") or "no answer", event.get("attempt"), event.get("max_retries")
            yield RetryEvent(
                reason=reason_of(status if isinstance(status, int) else None),
                after_seconds=_number(event.get("retry_delay_ms")) / 1000,
                message=f"{said}, try {attempt} of {most}",
            )
        elif subtype in WARNINGS:
            said = event.get("message") or event.get("content") or event.get("text")
            yield WarningEvent(message=f"{subtype}: {said}" if said else str(subtype))

    def _assistant(self, event: Mapping[str, Any]) -> Iterator[Body]:
        message = event.get("message")
        if not isinstance(message, Mapping):
            return
        self.answered = False
        made_up = message.get("model") == SYNTHETIC
        for block in _mappings(message.get("content")):
            kind = block.get("type")
            if kind == "text" and made_up:
                yield WarningEvent(message=str(block.get("text", "")))
            elif kind == "text":
                yield Text(text=str(block.get("text", "")))
            elif kind == "thinking":
                yield Thinking(text=str(block.get("thinking", "")))
            elif kind == "tool_use" and block.get("name") == ANSWER_TOOL:
                self._answering.add(str(block.get("id")))
            elif kind == "tool_use":
                yield self._call(block)
        known = str(message.get("id"))
        usage = message.get("usage")
        if isinstance(usage, Mapping) and not made_up:
            first = known not in self._usage
            self._usage[known] = usage
            if first:
                yield UsageEvent(usage=self._used(self._usage.values()))

    def _call(self, block: Mapping[str, Any]) -> ToolCall:
        server, tool = self._split(str(block.get("name")))
        call_id = str(block.get("id"))
        self._calls[call_id] = (server, tool)
        given = block.get("input")
        return ToolCall(call_id=call_id, server=server, tool=tool, input=given if isinstance(given, dict) else {})

    def _user(self, event: Mapping[str, Any]) -> Iterator[Body]:
        for meta in _mappings(event.get("tool_result_meta")):
            decision = meta.get("permission_decision")
            if isinstance(decision, Mapping) and decision.get("decision") not in (None, "accept"):
                self._denied.add(str(meta.get("id")))
        message = event.get("message")
        content = message.get("content") if isinstance(message, Mapping) else None
        for block in _mappings(content):
            if block.get("type") != "tool_result":
                continue
            call_id = str(block.get("tool_use_id"))
            if call_id in self._answering:
                if block.get("is_error") is True:
                    yield WarningEvent(message=f"the CLI did not take the answer: {_text(block.get('content'))}")
                continue
            server, tool = self._calls.get(call_id, (None, "unknown"))
            yield ToolResult(
                call_id=call_id,
                server=server,
                tool=tool,
                ok=block.get("is_error") is not True,
                denied=call_id in self._denied,
                text=_text(block.get("content")),
            )

    def _result(self, event: Mapping[str, Any]) -> Iterator[Body]:
        self._result_event, self.answered = event, True
        usage = event.get("usage")
        if isinstance(usage, Mapping):
            yield UsageEvent(usage=self._used([usage]))

    def _used(self, usages: Iterable[Mapping[str, Any]]) -> Usage:
        """Add up; a turn is a reply of the model: the CLI's own count has also the one that failed or was not let."""
        every = list(usages)
        sums = {ours: sum(_count(usage.get(theirs)) for usage in every) for theirs, ours in TOKENS.items()}
        requests = len(self._usage)
        return Usage(**sums, requests=requests, turns=requests, tool_calls=len(self._calls))

    def _split(self, name: str) -> tuple[str | None, str]:
        """Split `mcp__server__tool`; a built-in tool has no server."""
        for server in self._servers:
            if name.startswith(prefix := tool_name(server, "")):
                return server, name.removeprefix(prefix)
        return None, name


def tool_name(server: str, tool: str) -> str:
    """Name an MCP server's tool as the CLI does: `mcp__github__issue_read`."""
    return f"mcp__{server}__{tool}"


def _text(content: object) -> str:
    """Join a result's texts exactly as they came: refs are over these bytes."""
    if isinstance(content, str):
        return content
    return "".join(str(block.get("text", "")) for block in _mappings(content) if block.get("type") == "text")


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST else 0


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= MOST:
        return 0.0
    return float(value)
