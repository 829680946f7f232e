"""What a run has of its own and an attacker uses: its servers and tokens. Standard library only."""

import http.client
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

SERVER: Mapping[str, Any] = json.loads(Path("/run/files/mcp.json").read_text())["mcpServers"]["github"]
URL = urlsplit(SERVER["url"])
TASK_TOKEN: str = SERVER["headers"]["Authorization"].removeprefix("Bearer ")
MODEL = urlsplit(os.environ["ANTHROPIC_BASE_URL"])
MODEL_TOKEN = os.environ["ANTHROPIC_API_KEY"]
CLI = Path("/proc") / os.environ.get("CLAUDE_PID", "self")
SECONDS = 10


def ask(
    address: SplitResult,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    document: Any = None,
    token: str | None = None,
) -> tuple[int, str]:
    """Ask over HTTP, the path exactly as it is given; give status and text."""
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=SECONDS)
    body = None if document is None else json.dumps(document)
    sent = {"content-type": "application/json", "accept": "application/json, text/event-stream", **(headers or {})}
    if token:
        sent["authorization"] = f"Bearer {token}"
    try:
        connection.request(method, path, body, sent)
        reply = connection.getresponse()
        return reply.status, reply.read().decode("utf-8", "replace")
    except OSError as error:
        return 0, type(error).__name__
    finally:
        connection.close()


def call(tool: str, arguments: Mapping[str, Any], token: str = TASK_TOKEN) -> tuple[str, str]:
    """Call a tool of the run's own MCP server, past the CLI; give what came of it and its text."""
    params = {"name": tool, "arguments": dict(arguments)}
    document = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    status, text = ask(URL, "POST", "/mcp", document=document, token=token)
    for line in text.splitlines():
        if line.startswith("data: "):
            text = line.removeprefix("data: ")
    try:
        result = json.loads(text)["result"]
    except (ValueError, KeyError):
        return str(status), text
    said = "".join(part.get("text", "") for part in result.get("content", []))
    return ("refused" if result.get("isError") else "done"), said


def tell(what: str, outcome: object) -> None:
    """Print what an attempt came to."""
    print(f"tried {what}: {outcome}", flush=True)
