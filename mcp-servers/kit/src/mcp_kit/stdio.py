"""Serves a protocol on standard input and output, and answers the lines that cannot be read, which the SDK drops."""

import json
from contextvars import Context
from types import TracebackType
from typing import Any, Self

from anyio import EndOfStream
from fastmcp import FastMCP
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, RequestId
from pydantic import ValidationError
from service_kit.log import get_logger

log = get_logger(__name__)


class ReadableMessages:
    """The messages of a client: what cannot be read is answered, logged and not passed on. Blank lines are left out."""

    def __init__(self, lines: Any, replies: Any) -> None:
        self._lines = lines
        self._replies = replies

    @property
    def last_context(self) -> Context | None:
        """The context that the last message was sent in."""
        found: Context | None = self._lines.last_context
        return found

    async def receive(self) -> SessionMessage:
        """Return the next message that can be read."""
        while isinstance(item := await self._lines.receive(), Exception):
            if (error := _error(item)) is not None:
                log.warning("unreadable line", id=error.id, reason=error.error.message)
                await self._replies.send(SessionMessage(error))
        message: SessionMessage = item
        return message

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage:
        try:
            return await self.receive()
        except EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Close the stream."""
        await self._lines.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _error(unreadable: Exception) -> JSONRPCError | None:
    """Return the answer to a line that is no message; None for a blank one."""
    if not isinstance(unreadable, ValidationError):
        return _answer(None, INVALID_REQUEST, "the line cannot be read")
    fault = unreadable.errors(include_url=False, include_context=False)[0]
    given, why = fault["input"], fault["msg"]
    if fault["type"] == "json_invalid":
        return _answer(_id(_lenient(given)), PARSE_ERROR, f"the line is not JSON: {why}") if given.strip() else None
    if isinstance(given, list):
        why = "send one message a line: batches are not part of the protocol any more"
    return _answer(_id(given), INVALID_REQUEST, f"the line is no JSON-RPC message: {why}")


def _answer(id_: RequestId | None, code: int, message: str) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=id_, error=ErrorData(code=code, message=message))


def _lenient(line: str) -> object:
    """Read what Python takes for JSON: half of a surrogate pair, for one."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _id(message: object) -> RequestId | None:
    found = message.get("id") if isinstance(message, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


async def serve_stdio(protocol: FastMCP[None]) -> None:
    """Serve until standard input ends; nothing but the protocol is written to standard output."""
    server = protocol._mcp_server
    run = server.run

    async def run_readable(lines: Any, replies: Any, *given: Any, **named: Any) -> None:
        await run(ReadableMessages(lines, replies), replies, *given, **named)

    # fastmcp opens the streams itself and offers no place between them and the SDK, which drops what it cannot read.
    server.run = run_readable  # type: ignore[assignment,method-assign]
    await protocol.run_stdio_async(show_banner=False)
