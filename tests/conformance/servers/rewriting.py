"""Stands between a server and the stand-in, and changes the documents that the stand-in answers."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Change = Callable[[Any], Any]
"""Takes a document that the vendor answers, and returns the one that the server gets."""


class Rewriter:
    """Passes requests on to the app; a successful reply that is JSON goes through `change`, where one is set."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.change: Change | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        change = self.change
        if scope["type"] != "http" or change is None:
            await self._app(scope, receive, send)
            return
        start: list[Message] = []
        body = bytearray()

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.append(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                await _answer(send, start[0], bytes(body), change)

        await self._app(scope, receive, hold)


async def _answer(send: Send, start: Message, body: bytes, change: Change) -> None:
    headers = dict(start["headers"])
    if start["status"] < 300 and b"json" in headers.get(b"content-type", b""):
        body = json.dumps(change(json.loads(body))).encode()
        headers[b"content-length"] = str(len(body)).encode()
    await send({**start, "headers": list(headers.items())})
    await send({"type": "http.response.body", "body": body})


Path = tuple[str | int, ...]


def lists(document: Any, under: str = "", path: Path = ()) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """Yield the outermost lists of objects in a document, or those under a key, each with the keys that lead to it."""
    if isinstance(document, list):
        if not document or not all(isinstance(one, dict) for one in document):
            return
        if not under or under in path:
            yield path, document
            return
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield from lists(value, under, (*path, key))


def odd_copies(row: dict[str, Any], odd: Callable[[Any], Sequence[Any]]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield copies of a row of which one value is odd, each with where it stands: the values that `odd` returns of it.

    `ABSENT` leaves the value out. Numbered rows have numbers of their own.
    """
    number = FIRST_NUMBER
    for path, value in _values(row):
        for other in odd(value):
            number += 1
            copy = {**row, "number": number} if isinstance(row.get("number"), int) else row
            yield path, replaced(copy, path, other)


ABSENT = object()
"""Stands for a value that is not there."""
FIRST_NUMBER = 9_000
MOST_ITEMS = 1
"""As many items of a list within a row are changed."""


def replaced(document: Any, path: Path, value: Any) -> Any:
    """Return a document of which the value at a path is another one."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    made: Any = dict(document) if isinstance(document, dict) else list(document)
    if value is ABSENT and not rest:
        made.pop(key)
    else:
        made[key] = replaced(made[key], rest, value)
    return made


def _values(document: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield each value within a document, but for addresses of the vendor's API, which nobody is shown."""
    if path:
        yield path, document
    items: Sequence[tuple[str | int, Any]] = ()
    if isinstance(document, dict):
        items = [(key, value) for key, value in document.items() if key == "html_url" or not key.endswith("url")]
    elif isinstance(document, list):
        items = list(enumerate(document[:MOST_ITEMS]))
    for key, value in items:
        yield from _values(value, (*path, key))
