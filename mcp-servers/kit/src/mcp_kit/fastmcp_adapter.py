"""The adapter to fastmcp: it speaks the protocol, lists the tools and checks tokens; calls are answered by the runner.

Only this module, `app` and `stdio` know fastmcp. Its defaults that would harm are changed here, each held by a test.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import mcp_types
from fastmcp import FastMCP
from fastmcp.server.auth import AccessToken, TokenVerifier
from fastmcp.server.dependencies import get_access_token, get_http_request
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import Tool, ToolResult
from mcp import MCPError
from mcp_types import INVALID_PARAMS, ToolAnnotations
from pydantic import ConfigDict
from service_kit.errors import TokenError
from service_kit.log import get_logger
from service_kit.tokens import LEEWAY_SECONDS
from starlette.authentication import AuthenticationError
from starlette.middleware import Middleware as HttpMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_kit.call import KEY
from mcp_kit.caller import NOBODY, Caller, Callers
from mcp_kit.errors import Refused
from mcp_kit.runner import Runner
from mcp_kit.selection import Catalog
from mcp_kit.server import Server
from mcp_kit.tool import ToolSpec

LIST_TTL_SECONDS = 300
log = get_logger(__name__)
DRY = "Dry run: shows what it would send and changes nothing."
DRY_INSTRUCTIONS = "This is a dry run: tools that write show what they would send, and nothing is changed."


class CallerToken(AccessToken):
    """A verified token with the caller it stands for; `client_id` binds a session to this caller alone."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    caller: Caller


class CallerVerifier(TokenVerifier):
    """Lets fastmcp ask our `Callers` about bearer tokens."""

    def __init__(self, callers: Callers) -> None:
        super().__init__()
        self._callers = callers

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the token with its caller.

        Raises:
            AuthenticationError: it opens nothing; says why.
        """
        try:
            caller = self._callers.identify(token)
        except TokenError as error:
            log.warning("token refused", reason=error.reason, error=str(error))
            raise AuthenticationError(f"{error}. {self._callers.remedy}") from None
        ends = int(caller.task.expires_at.timestamp()) + LEEWAY_SECONDS if caller.task else None
        return CallerToken(token=token, client_id=caller.id, scopes=[], expires_at=ends, caller=caller)

    def get_middleware(self) -> list[Any]:
        """Return fastmcp's middleware, which answers a refused token, and a missing one, in our words."""
        checking, *others = super().get_middleware()
        return [
            HttpMiddleware(checking.cls, *checking.args, **checking.kwargs, on_error=_refuse),
            *others,
            HttpMiddleware(MissingToken, remedy=self._callers.remedy),
        ]


class MissingToken:
    """Says in a body which token to send, where fastmcp refuses a request without one by an empty reply."""

    def __init__(self, app: ASGIApp, remedy: str) -> None:
        self._app = app
        self._told = JSONResponse({"error_description": remedy}, 401, headers={"www-authenticate": "Bearer"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        refused = False

        async def sending(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] == 401:
                refused = (b"content-length", b"0") in message["headers"]
                if refused:
                    await self._told(scope, receive, send)
            if not refused:
                await send(message)

        await self._app(scope, receive, sending)


def _refuse(_: HTTPConnection, error: Exception) -> Response:
    """Refuse a token as RFC 6750 has it."""
    told = str(error).encode("ascii", "replace").decode().replace('"', "'").replace("\\", "/")
    challenge = f'Bearer error="invalid_token", error_description="{told}"'
    document = {"error": "invalid_token", "error_description": told}
    return JSONResponse(document, 401, headers={"www-authenticate": challenge})


class Policy(Middleware):
    """Shows each caller its own tools, and has the runner answer its calls.

    A request without a token is the `unnamed` caller's: the owner's, or nobody's.
    """

    def __init__(self, catalog: Catalog, runner: Runner, unnamed: Caller) -> None:
        self._catalog = catalog
        self._runner = runner
        self._unnamed = unnamed

    def caller(self) -> Caller:
        """Return the caller of the present request."""
        token = get_access_token()
        return token.caller if isinstance(token, CallerToken) else NOBODY if token else self._unnamed

    async def on_list_tools(
        self,
        context: MiddlewareContext[mcp_types.ListToolsRequest],
        call_next: CallNext[mcp_types.ListToolsRequest, Sequence[Tool]],
    ) -> Sequence[Tool]:
        """List what the caller may use in the catalog's order, and after it what an extension registered."""
        try:
            visible = self._catalog.visible(self.caller(), _headers())
        except Refused as refused:
            raise MCPError(INVALID_PARAMS, f"{refused.message} {refused.next_step}") from None
        listed = {tool.name: tool for tool in await call_next(context)}
        shown = [listed.pop(spec.name) for spec in visible]
        return shown + [tool for name, tool in sorted(listed.items()) if name not in self._catalog.tools]

    async def on_call_tool(
        self,
        context: MiddlewareContext[mcp_types.CallToolRequestParams],
        call_next: CallNext[mcp_types.CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Have the runner answer; only a trusted caller reaches a tool that an extension registered."""
        name, caller = context.message.name, self.caller()
        if caller.bound is None and not self._runner.knows(name):
            return await call_next(context)
        request = context.fastmcp_context.request_context if context.fastmcp_context else None
        key = (request.meta or {}).get(KEY) if request else None
        arguments = context.message.arguments or {}
        answer = await self._runner.answer(name, arguments, caller=caller, headers=_headers(), key=key)
        content = mcp_types.TextContent(type="text", text=answer.text)
        return ToolResult(content=[content], meta=answer.meta, is_error=answer.is_error)


def new_protocol(
    server: Server,
    *,
    catalog: Catalog,
    runner: Runner,
    unnamed: Caller,
    callers: Callers | None,
    dry_run: bool = False,
) -> FastMCP[None]:
    """Make the protocol's side of a server, which asks for a token where `callers` is given.

    A grant names tools alone. So resources, prompts and completions are registered only where every caller is trusted.
    In a dry run clients are told that writes are shown and not sent.
    """
    _log_like_us()
    protocol: FastMCP[None] = FastMCP(
        name=server.command,
        instructions=f"{server.instructions} {DRY_INSTRUCTIONS}" if dry_run else server.instructions,
        version=server.version,
        auth=CallerVerifier(callers) if callers else None,
        middleware=[Policy(catalog, runner, unnamed)],
        tools=[_listed(spec, dry_run=dry_run) for spec in server.tools],
        on_duplicate="error",
        mask_error_details=True,
        dereference_schemas=False,
        cache_ttl=LIST_TTL_SECONDS,
        cache_scope="private",
    )
    # The SDK would run a whole tools/list for each call (python-sdk#3565); none of our tools uses x-mcp-header.
    protocol._mcp_server.get_tool_input_schema = lambda _: None
    extended = server.extend is not None and unnamed.bound is None
    if server.extend and extended:
        server.extend(protocol)
    _advertise_what_is_there(protocol, extended=extended)
    return protocol


def _advertise_what_is_there(protocol: FastMCP[None], *, extended: bool) -> None:
    """Tell clients of resources, prompts, completions and log messages only where there are any.

    fastmcp tells of all of them, and of user interfaces, so that clients show empty lists.
    """
    whole = protocol._mcp_server.get_capabilities

    def capabilities(*asked: Any, **named: Any) -> mcp_types.ServerCapabilities:
        kinds = {key.partition(":")[0] for key in protocol._local_provider._components}
        there = {"resources": bool(kinds & {"resource", "template"}), "prompts": "prompt" in kinds, "extensions": False}
        absent = {name for name, is_there in {**there, "logging": extended}.items() if not is_there}
        return whole(*asked, **named).model_copy(update=dict.fromkeys(absent))

    protocol._mcp_server.get_capabilities = capabilities  # type: ignore[method-assign]


class ListedTool(Tool):
    """A tool as clients see it; it carries no `_meta`, which would be paid for in tokens."""

    def to_mcp_tool(self, **overrides: Any) -> mcp_types.Tool:
        """Return the tool without fastmcp's tags."""
        return super().to_mcp_tool(**overrides, _meta=None)


def _listed(spec: ToolSpec, *, dry_run: bool) -> Tool:
    return ListedTool(
        name=spec.name,
        description=f"{spec.description} {DRY}" if dry_run and spec.writes else spec.description,
        parameters=spec.schema(),
        annotations=ToolAnnotations.model_validate(spec.annotations),
    )


def _headers() -> Mapping[str, str]:
    try:
        return get_http_request().headers
    except RuntimeError:
        return {}


def _log_like_us() -> None:
    """Remove fastmcp's own log handlers, which draw boxes on standard error: its lines are then logged as ours are."""
    logger = logging.getLogger("fastmcp")
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.WARNING)
