"""Event streams of JSON, safe for readers that end a line at U+0085, U+2028 and U+2029 too: these are escaped."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ESCAPED = {character.encode(): f"\\u{ord(character):04x}".encode() for character in "\u0085\u2028\u2029"}
"""JSON has them within texts only, where an escape says the same."""
BEGUN = tuple(character[:length] for character in ESCAPED for length in range(1, len(character)))
EVENT_STREAM = "text/event-stream"


class LineEscaper:
    """Escapes the separators in a stream of bytes; one that two chunks share is held back until it is whole."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """Return what can be sent after the next chunk."""
        chunk = self._held + chunk
        self._held = next((begun for begun in BEGUN if chunk.endswith(begun)), b"")
        chunk = chunk.removesuffix(self._held)
        for character, escape in ESCAPED.items():
            chunk = chunk.replace(character, escape)
        return chunk

    def end(self) -> bytes:
        """Return what was held back: the stream ends within a character."""
        return self._held


class SafeEventStreams:
    """ASGI middleware that escapes the separators in every event stream that an app sends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its reply back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        escaper: LineEscaper | None = None

        async def sending(message: Message) -> None:
            nonlocal escaper
            if message["type"] == "http.response.start":
                headers = message["headers"]
                if Headers(raw=headers).get("content-type", "").startswith(EVENT_STREAM):
                    escaper = LineEscaper()
                    message = {**message, "headers": [one for one in headers if one[0].lower() != b"content-length"]}
            elif escaper is not None and message["type"] == "http.response.body":
                body = escaper.feed(message.get("body", b""))
                body += b"" if message.get("more_body") else escaper.end()
                message = {**message, "body": body}
            await send(message)

        await self._app(scope, receive, sending)
