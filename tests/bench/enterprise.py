"""The stand-in as GitHub Enterprise Server: the paths of a server of one's own, and a proxy that leads any host to it.

github-mcp-server takes a host alone, without a port, so that it can reach a stand-in on loopback only by a proxy.
"""

import re
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

HOST = "http://github.example"
"""As many letters as the real API's host: the addresses in replies are as long as there."""
HEAD = re.compile(rb"https?://[^/]+")
RAW = re.compile(rb"/raw/([^/]+)/([^/]+)/([^/]+)/(.+)")


class Enterprise:
    """Serves an app under the paths of GitHub Enterprise Server too, and requests to a proxy."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._app(_led(scope) if scope["type"] == "http" else scope, receive, send)


def _led(scope: Scope) -> Scope:
    path = HEAD.sub(b"", scope["raw_path"], count=1).removeprefix(b"/api/v3")
    changed: dict[str, Any] = {}
    if found := RAW.fullmatch(path):
        owner, name, ref, file = found.groups()
        path = b"/repos/%b/%b/contents/%b" % (owner, name, file)
        headers = [pair for pair in scope["headers"] if pair[0] != b"accept"]
        changed["headers"] = [*headers, (b"accept", b"application/vnd.github.raw")]
        changed["query_string"] = b"" if ref == b"HEAD" else b"ref=" + ref
    return {**scope, **changed, "raw_path": path, "path": unquote(path.decode("ascii"))}
