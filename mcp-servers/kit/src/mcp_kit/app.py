"""Puts a server together: one ASGI app with `/mcp`, `/sse` and health for HTTP, the same protocol for stdio."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from fastmcp import FastMCP
from service_kit.access import AccessFile
from service_kit.connection_limit import ConnectionLimit
from service_kit.errors import ConfigError
from service_kit.event_stream import SafeEventStreams
from service_kit.guard import HostGuard, Misdirected
from service_kit.health import health_routes
from service_kit.log import get_logger
from service_kit.tokens import Verifier
from service_kit.trailing_slash import WithoutTrailingSlash
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount

from mcp_kit.caller import NOBODY, OWNER, Caller, Callers, TokenBringers
from mcp_kit.fastmcp_adapter import new_protocol
from mcp_kit.metrics import Metrics
from mcp_kit.request_bounds import INVALID_REQUEST, RequestBounds
from mcp_kit.runner import Runner
from mcp_kit.selection import Catalog
from mcp_kit.server import Server
from mcp_kit.settings import ServerSettings, VendorSettings
from mcp_kit.sse_limit import SSE_PATH, SseLimit
from mcp_kit.stdio import serve_stdio
from mcp_kit.tool import ToolSpec

MCP_PATH = "/mcp"
MESSAGES_PATH = "/messages/"
"""Where the clients of `/sse` post."""
log = get_logger(__name__)


def build_app(server: Server, settings: ServerSettings) -> Starlette:
    """Make the whole HTTP app of a server: `/mcp`, `/sse` with `/messages/`, `/health`, `/ready`, `/metrics`.

    With public keys or an access file configured every caller must show a token; with neither the app is open, and
    `service_kit.serve.check_bind` keeps it on loopback.

    Raises:
        ConfigError: a file or a list of tools in the settings is wrong, or no process would check a caller's grant.
    """
    callers = _callers(server, settings) if settings.authenticated else None
    metrics = Metrics()
    connections = ConnectionLimit(
        "mcp_sse_connections", "SSE connections", most=settings.max_sse_connections, registry=metrics.registry
    )
    protocol = assemble(server, settings, metrics, unnamed=NOBODY if callers else OWNER, callers=callers)
    # `/mcp` is stateless: a restart or another replica answers as well. The guard is ours, and stands before all.
    mcp = protocol.http_app(path=MCP_PATH, stateless_http=True, host_origin_protection=False)
    routes = list(mcp.router.routes)
    if settings.sse:
        known = {getattr(route, "path", None) for route in routes}
        sse = protocol.http_app(path=SSE_PATH, transport="sse", host_origin_protection=False)
        mcp.router.routes.extend(route for route in sse.routes if getattr(route, "path", None) not in known)
    health = health_routes(
        service=server.command,
        version=server.version,
        checks=server.checks,
        registry=metrics.registry,
        warnings=callers.file_warnings() if callers else None,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with mcp.lifespan(mcp):
            try:
                yield
            finally:
                if server.close:
                    await server.close()

    return Starlette(
        routes=[*health, Mount("/", mcp)],
        middleware=[
            Middleware(
                HostGuard,
                allowed_hosts=settings.hosts,
                allowed_origins=settings.origins,
                proxies=settings.proxies,
                answer=_misdirected,
                browsers=True,
            ),
            Middleware(SafeEventStreams),
            Middleware(WithoutTrailingSlash, kept=(MESSAGES_PATH,)),
            Middleware(SseLimit, limit=connections, callers=callers),
            Middleware(RequestBounds, callers=callers, rate=settings.rate),
        ],
        lifespan=lifespan,
    )


def _misdirected(found: Misdirected) -> Response:
    """Refuse in the protocol's form: an error without the id of a request, as none was read."""
    error = {"code": INVALID_REQUEST, "message": f"{found.message}: {found.remedy}"}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, found.status)


async def run_stdio(server: Server, settings: ServerSettings) -> None:
    """Serve over standard input and output; who started the process is trusted."""
    protocol = assemble(server, settings, Metrics(), unnamed=OWNER, callers=None)
    try:
        await serve_stdio(protocol)
    finally:
        if server.close:
            await server.close()


def assemble(
    server: Server, settings: ServerSettings, metrics: Metrics, *, unnamed: Caller, callers: Callers | None
) -> FastMCP[None]:
    """Put catalog, runner and protocol together."""
    catalog = Catalog(
        server.tools,
        aliases=server.aliases,
        selection=settings.selection,
        default=server.default_toolsets,
        toolset_aliases=server.toolset_aliases,
    )
    if callers and isinstance(settings, VendorSettings) and not (settings.gateway or settings.personal_tokens):
        _require_checkable(catalog.chosen, settings)
    if settings.agent_jwks_file and not settings.ref_key:
        log.warning("AGENT_REF_KEY is not set: replies to tasks carry no ref, and no claim can rest on them")
    runner = Runner(
        server=server.name,
        catalog=catalog,
        rate=settings.rate,
        metrics=metrics,
        budget=settings.reply_characters,
        ref_key=settings.ref_key,
        peers=server.peers,
        lockdown=server.lockdown,
        implied=server.implied,
    )
    dry = isinstance(settings, VendorSettings) and settings.dry_run
    return new_protocol(server, catalog=catalog, runner=runner, unnamed=unnamed, callers=callers, dry_run=dry)


def _require_checkable(tools: Iterable[ToolSpec], settings: VendorSettings) -> None:
    """Refuse tools for which no process would check a caller's grant."""
    if free := [spec.name for spec in tools if not spec.grant_checkable]:
        raise ConfigError(
            f"no argument of {', '.join(free)} says what it touches, so that only the gateway checks a caller's grant: "
            f"set {settings.variable('gateway')}, leave these tools out by {settings.variable('exclude_tools')}, "
            "or serve without AGENT_JWKS_FILE and ACCESS_FILE"
        )


def _callers(server: Server, settings: ServerSettings) -> Callers:
    if isinstance(settings, VendorSettings) and settings.personal_tokens:
        return TokenBringers(vendor=server.name, title=server.title)
    keys, access = settings.agent_jwks_file, settings.access_file
    return Callers(
        vendor=server.name,
        verifier=Verifier(keys, audience=server.command) if keys else None,
        access=AccessFile(access) if access else None,
    )
