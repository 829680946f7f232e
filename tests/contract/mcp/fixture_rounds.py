"""The fixtures of the conformance suite that ask the client for input (SEP-2322): each leg is a call of its own."""

from typing import Any

import mcp_types as mt
from fastmcp import Context, FastMCP
from mcp import MCPError
from mcp_types import InputRequiredResult

Requests = dict[str, mt.ElicitRequest | mt.CreateMessageRequest | mt.ListRootsRequest]


def elicit(message: str, field: str, kind: str = "string") -> mt.ElicitRequest:
    """Ask for one field."""
    schema: dict[str, Any] = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return mt.ElicitRequest(params=mt.ElicitRequestFormParams(message=message, requested_schema=schema))


def sample(text: str) -> mt.CreateMessageRequest:
    """Ask the client's model."""
    message = mt.SamplingMessage(role="user", content=mt.TextContent(type="text", text=text))
    return mt.CreateMessageRequest(params=mt.CreateMessageRequestParams(messages=[message], max_tokens=100))


def answered(context: Context, key: str) -> Any:
    """Give the client's response to a request, or None."""
    return (context.input_responses or {}).get(key)


def register(protocol: "FastMCP[None]") -> None:
    """Add the fixtures."""
    _one_question(protocol)
    _with_state(protocol)
    _several_questions(protocol)
    _by_capability(protocol)


def _one_question(protocol: "FastMCP[None]") -> None:
    @protocol.tool(name="test_input_required_result_elicitation")
    async def elicitation(ctx: Context) -> str | InputRequiredResult:
        """Fixture: elicitation."""
        answer = answered(ctx, "user_name")
        if not isinstance(answer, mt.ElicitResult):
            return InputRequiredResult(input_requests={"user_name": elicit("What is your name?", "name")})
        return f"Hello, {(answer.content or {}).get('name')}!"

    @protocol.tool(name="test_input_required_result_sampling")
    async def sampling(ctx: Context) -> str | InputRequiredResult:
        """Fixture: sampling."""
        answer = answered(ctx, "capital_question")
        if answer is None:
            requests: Requests = {"capital_question": sample("What is the capital of France?")}
            return InputRequiredResult(input_requests=requests)
        return str(answer)

    @protocol.tool(name="test_input_required_result_list_roots")
    async def list_roots(ctx: Context) -> str | InputRequiredResult:
        """Fixture: list roots."""
        answer = answered(ctx, "client_roots")
        if not isinstance(answer, mt.ListRootsResult):
            return InputRequiredResult(input_requests={"client_roots": mt.ListRootsRequest()})
        return ", ".join(str(root.uri) for root in answer.roots)

    @protocol.tool(name="test_streaming_elicitation")
    async def streaming_elicitation(ctx: Context) -> str | InputRequiredResult:
        """Fixture: streaming elicitation."""
        if answered(ctx, "user_name") is None:
            return InputRequiredResult(input_requests={"user_name": elicit("What is your name?", "name")})
        return "Answered."

    @protocol.prompt(name="test_input_required_result_prompt")
    async def prompt(ctx: Context) -> str | InputRequiredResult:
        """Fixture: prompt."""
        answer = answered(ctx, "user_context")
        if not isinstance(answer, mt.ElicitResult):
            requests: Requests = {"user_context": elicit("What context should the prompt use?", "context")}
            return InputRequiredResult(input_requests=requests)
        return f"Context: {(answer.content or {}).get('context')}"


def _with_state(protocol: "FastMCP[None]") -> None:
    @protocol.tool(name="test_input_required_result_request_state")
    async def request_state(ctx: Context) -> str | InputRequiredResult:
        """Fixture: request state."""
        if answered(ctx, "confirm") is None or ctx.request_state != "asked":
            requests: Requests = {"confirm": elicit("Please confirm", "ok", "boolean")}
            return InputRequiredResult(input_requests=requests, request_state="asked")
        return "state-ok"

    @protocol.tool(name="test_input_required_result_tampered_state")
    async def tampered_state(ctx: Context) -> str | InputRequiredResult:
        """Fixture: tampered state."""
        if ctx.request_state is None:
            requests: Requests = {"confirm": elicit("Please confirm", "ok", "boolean")}
            return InputRequiredResult(input_requests=requests, request_state="sealed")
        return "state-ok"


def _several_questions(protocol: "FastMCP[None]") -> None:
    @protocol.tool(name="test_input_required_result_multiple_inputs")
    async def multiple_inputs(ctx: Context) -> str | InputRequiredResult:
        """Fixture: multiple inputs."""
        requests: Requests = {
            "user_name": elicit("What is your name?", "name"),
            "greeting": sample("Generate a greeting"),
            "client_roots": mt.ListRootsRequest(),
        }
        if any(answered(ctx, key) is None for key in requests):
            return InputRequiredResult(input_requests=requests, request_state="several")
        return "All three came."

    @protocol.tool(name="test_input_required_result_multi_round")
    async def multi_round(ctx: Context) -> str | InputRequiredResult:
        """Fixture: multi round."""
        if ctx.request_state == "second" and answered(ctx, "step2") is not None:
            return "Both rounds are done."
        if ctx.request_state == "first" and answered(ctx, "step1") is not None:
            second: Requests = {"step2": elicit("Step 2: What is your favorite color?", "color")}
            return InputRequiredResult(input_requests=second, request_state="second")
        first: Requests = {"step1": elicit("Step 1: What is your name?", "name")}
        return InputRequiredResult(input_requests=first, request_state="first")


def _by_capability(protocol: "FastMCP[None]") -> None:
    @protocol.tool(name="test_input_required_result_capabilities")
    async def capabilities(ctx: Context) -> str | InputRequiredResult:
        """Fixture: capabilities."""
        declared = ctx.session.client_capabilities
        requests: Requests = {}
        if declared is not None and declared.sampling is not None:
            requests["capital_question"] = sample("What is the capital of France?")
        if declared is not None and declared.elicitation is not None:
            requests["user_name"] = elicit("What is your name?", "name")
        return InputRequiredResult(input_requests=requests) if requests else "No capability was declared."

    @protocol.tool(name="test_missing_capability")
    async def missing_capability(ctx: Context) -> str:
        """Fixture: missing capability."""
        declared = ctx.session.client_capabilities
        if declared is None or declared.sampling is None:
            needed: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
            raise MCPError(mt.MISSING_REQUIRED_CLIENT_CAPABILITY, "The client must declare sampling.", needed)
        return "Declared."
