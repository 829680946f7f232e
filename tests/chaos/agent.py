"""An agent without a model, as an engine inside the worker: it calls the real MCP server and does what it should.

It reads an issue, labels it and comments on it, as far as earlier attempts have not. It repeats no failed call, and
says in its answer what it could not do: so a run in an outage ends without proof, or without an answer that fits.
"""

import asyncio
import re
import uuid
from typing import Any

from agent_contracts.event import ToolCall, ToolResult
from agent_engine.engines.outcome import CONNECTED, RunOutcome
from agent_engine.engines.protocol import Capabilities, Sink
from agent_engine.engines.registry import EngineSetup
from agent_engine.spec import RunSpec
from conformance.engines.in_process import InProcessEngine
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from mcp_types import TextContent
from service_kit.refs import split_ref

NAME = "obedient"
REPOSITORY = "acme/chaos"
LABEL = "bug"
THINKS_SECONDS = 0.7
ISSUE = re.compile(r'"issue": (\d+)')
GONE = "the MCP server gave no answer"


class Obedient(InProcessEngine):
    """The engine; what it says itself in place of a server's reply is that the server gave no answer."""

    def lost(self, error: str) -> bool:
        """Say whether an error is its own."""
        return error == GONE


def engine(setup: EngineSetup) -> InProcessEngine:
    """Make the engine."""
    return Obedient(NAME, work, capabilities=Capabilities(model_api=False, resume=False))


async def work(spec: RunSpec, sink: Sink) -> RunOutcome:
    """Do one run."""
    (server,) = spec.servers
    transport = StreamableHttpTransport(
        f"{server.url}/mcp", headers={"authorization": f"Bearer {server.token}"}, verify=False
    )
    try:
        async with Client(transport, timeout=20) as client:
            return await _Triage(spec, sink, client).run()
    except Exception:  # whatever a client raises of a server that is away or went away
        return RunOutcome(servers={server.name: "failed"})


class _Triage:
    def __init__(self, spec: RunSpec, sink: Sink, client: Client[Any]) -> None:
        self._spec = spec
        self._sink = sink
        self._client = client
        self._refs: list[str] = []

    async def run(self) -> RunOutcome:
        found = ISSUE.search(self._spec.prompt)
        assert found is not None
        about = {"repository": REPOSITORY, "issue": int(found[1])}
        read = await self._call("issue_read", about)
        if read:
            await self._once("issue_write", {**about, "method": "update", "labels": [LABEL]})
            await self._once("add_issue_comment", {**about, "body": f"Looked at issue {about['issue']}."})
        claims = [{"statement": "It was read.", "refs": self._refs}] if read else []
        answer = {"output": {"answer": "done" if read else "the issue could not be read"}, "claims": claims}
        return RunOutcome(servers={"github": CONNECTED}, answer=answer)

    async def _once(self, tool: str, arguments: dict[str, Any]) -> None:
        """Write what no earlier attempt has written, by what the prompt says of that."""
        if f"- done: github/{tool} on " not in self._spec.prompt:
            await self._call(tool, arguments)

    async def _call(self, tool: str, arguments: dict[str, Any]) -> bool:
        await asyncio.sleep(THINKS_SECONDS)
        call = str(uuid.uuid4())
        await self._sink.event(ToolCall(call_id=call, server="github", tool=tool, input=arguments))
        try:
            result = await self._client.call_tool_mcp(tool, arguments)
            (content,) = result.content
            assert isinstance(content, TextContent)
            text, ok = content.text, not result.is_error
        except Exception:  # as above
            text, ok = GONE, False
        await self._sink.event(ToolResult(call_id=call, server="github", tool=tool, ok=ok, text=text))
        ref = split_ref(text)[1]
        if ok and ref is not None:
            self._refs.append(ref)
        return ok
