"""Raw HTTP at each gate, with tokens that are signed as the engine signs them."""

import asyncio
import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from agent_contracts import Grant
from fixtures.house import RunningHouse
from service_kit.tokens import Signer

INSIDE = "octocat/hello-world"
OUTSIDE = "octocat/secret-plans"
GRANT = Grant.model_validate(
    {
        "tools": ["issue_read", "list_labels", "search_issues", "issue_write"],
        "resources": {"repositories": [INSIDE]},
        "mode": "write",
        "limits": {"issue_write": 1},
    }
)
SECONDS = 10


@dataclass(frozen=True)
class Reply:
    """What a gate answered; `reason` is the gateway's own."""

    status: int
    reason: str | None
    text: str

    @property
    def failed(self) -> bool:
        """Whether it is a tool's reply that says of itself that it is an error."""
        return '"isError":true' in self.text.replace(" ", "")


def sign(house: RunningHouse, grant: Grant = GRANT, *, audience: Sequence[str] = (), **changes: Any) -> str:
    """Sign a task token with the house's own key."""
    signer = Signer(house.paths.home / "secrets/signing-key.json")
    claims: dict[str, Any] = {
        "task": uuid4(),
        "attempt": 1,
        "tenant": "default",
        "vendor": "github",
        "lifetime_seconds": 300.0,
    }
    return signer.task_token(**(claims | changes), audience=audience or ("github-mcp", "github-api"), grant=grant)


async def ask(
    house: RunningHouse,
    process: str,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    document: Any = None,
) -> Reply:
    """Ask a process by raw HTTP: the path goes out as it is written here, which no usual client would do."""
    return await asyncio.to_thread(_ask, house.paths.ports[process], method, path, dict(headers or {}), document)


def _ask(port: int, method: str, path: str, headers: dict[str, str], document: Any) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        body = None if document is None else json.dumps(document)
        headers |= {"user-agent": "raw"} | ({"content-type": "application/json"} if body else {})
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        return Reply(reply.status, reply.headers.get("x-agent-gateway-error"), reply.read().decode())
    finally:
        connection.close()


async def call_tool(house: RunningHouse, token: str, tool: str, arguments: Mapping[str, Any]) -> Reply:
    """Call a tool of github-mcp over /mcp."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": dict(arguments)}}
    headers = {"authorization": f"Bearer {token}", "accept": "application/json, text/event-stream"}
    return await ask(house, "github-mcp", "POST", "/mcp", headers=headers, document=call)


async def at_gateway(
    house: RunningHouse, token: str | None, method: str, path: str, *, tool: str | None = None, document: Any = None
) -> Reply:
    """Ask github-api as github-mcp does: its service token, the run's task token, the tool's name."""
    headers = {"authorization": f"Bearer {house.paths.secret('github-mcp.service')}"}
    headers |= {"x-task-token": token} if token else {}
    headers |= {"x-agent-tool": tool} if tool else {}
    return await ask(house, "github-api", method, path, headers=headers, document=document)


async def heard(house: RunningHouse) -> int:
    """Count what GitHub was asked so far."""
    return len((await house.github("GET", "/_stand-in/requests")).json())
