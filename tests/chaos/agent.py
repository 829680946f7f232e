"""An agent without a CLI, as an engine inside the worker: it calls the real MCP server and does what it should.

It reads an issue, labels it and comments on it, as far as earlier attempts have not. Before it reads and before it
writes it hears a whole reply of the model, by the run's own token, and repeats a request that failed, as a CLI does. It
repeats no failed call, and says in its answer what it could not do: so a run in an outage ends without proof, or
without an answer that fits.
"""

import asyncio
import json
import re
import uuid
from typing import Any

from agent_contracts.event import ToolCall, ToolResult
from agent_engine.engines.outcome import CONNECTED, Failure, RunOutcome
from agent_engine.engines.protocol import Capabilities, Sink
from agent_engine.engines.registry import EngineSetup
from agent_engine.spec import RunSpec
from conformance.engines.in_process import InProcessEngine
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from mcp_types import TextContent
from service_kit.errors import UpstreamError
from service_kit.http import HttpClient
from service_kit.refs import split_ref

NAME = "obedient"
REPOSITORY = "acme/chaos"
LABEL = "bug"
SCENARIO = "thinks"
PROMPT = f"SCENARIO:{SCENARIO} " + "Some words of a prompt. " * 2_000
"""Some 12,000 tokens, as agents send them."""
MOST_OUTPUT = 32_000
"""What the Claude CLI asks for."""
TRIES = 3
ISSUE = re.compile(r'"issue": (\d+)')
GONE = "the MCP server gave no answer"


class Obedient(InProcessEngine):
    """The engine; what it says itself in place of a server's reply is that the server gave no answer."""

    def lost(self, error: str) -> bool:
        """Say whether an error is its own."""
        return error == GONE


def engine(setup: EngineSetup) -> InProcessEngine:
    """Make the engine."""
    return Obedient(NAME, work, capabilities=Capabilities(resume=False))


async def work(spec: RunSpec, sink: Sink) -> RunOutcome:
    """Do one run."""
    (server,) = spec.servers
    transport = StreamableHttpTransport(
        f"{server.url}/mcp", headers={"authorization": f"Bearer {server.token}"}, verify=False
    )
    try:
        async with Client(transport, timeout=20) as client, HttpClient(base_url=spec.model_api_url) as model:
            return await _Triage(spec, sink, client, model).run()
    except UpstreamError as error:
        return RunOutcome(servers={server.name: CONNECTED}, failure=Failure("server", str(error)))
    except Exception:  # whatever a client raises of a server that is away or went away
        return RunOutcome(servers={server.name: "failed"})


class _Triage:
    def __init__(self, spec: RunSpec, sink: Sink, client: Client[Any], model: HttpClient) -> None:
        self._spec = spec
        self._sink = sink
        self._client = client
        self._model = model
        self._refs: list[str] = []

    async def run(self) -> RunOutcome:
        found = ISSUE.search(self._spec.prompt)
        assert found is not None
        about = {"repository": REPOSITORY, "issue": int(found[1])}
        await self._think()
        read = await self._call("issue_read", about)
        if read:
            await self._think()
            await self._once("issue_write", {**about, "method": "update", "labels": [LABEL]})
            await self._once("add_issue_comment", {**about, "body": f"Looked at issue {about['issue']}."})
        claims = [{"statement": "It was read.", "refs": self._refs}] if read else []
        answer = {"output": {"answer": "done" if read else "the issue could not be read"}, "claims": claims}
        return RunOutcome(servers={"github": CONNECTED}, answer=answer)

    async def _think(self) -> None:
        """Hear a reply of the model to its end. Raises UpstreamError where no try came to one."""
        for left in reversed(range(TRIES)):
            try:
                await self._hear()
                return
            except UpstreamError:
                if not left:
                    raise
            await asyncio.sleep(1)

    async def _hear(self) -> None:
        asked = {
            "model": self._spec.model,
            "max_tokens": MOST_OUTPUT,
            "stream": True,
            "metadata": {"user_id": str(self._spec.task_id)},
            "messages": [{"role": "user", "content": PROMPT}],
        }
        headers = {
            "x-api-key": self._spec.model_token,
            "anthropic-version": "2023-06-01",
            "content-type": "application/json",
        }
        async with self._model.stream(
            "POST", "/v1/messages", content=json.dumps(asked).encode(), headers=headers
        ) as reply:
            said = b"".join([chunk async for chunk in reply.chunks])
        if b"message_stop" not in said:
            raise UpstreamError(f"the model gave no whole reply: {reply.status} {said[:300]!r}")

    async def _once(self, tool: str, arguments: dict[str, Any]) -> None:
        """Write what no earlier attempt has written, by what the prompt says of that."""
        if f"- done: github/{tool} on " not in self._spec.prompt:
            await self._call(tool, arguments)

    async def _call(self, tool: str, arguments: dict[str, Any]) -> bool:
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
