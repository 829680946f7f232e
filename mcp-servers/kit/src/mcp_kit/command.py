"""The command line that every server has: flags over the environment, then stdio or HTTP until told to stop."""

import argparse
import signal
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from service_kit import command
from service_kit.log import configure, get_logger
from service_kit.serve import check_bind, run, serve
from service_kit.settings import environment, load, variables

from mcp_kit.app import build_app, run_stdio
from mcp_kit.server import Server
from mcp_kit.settings import ServerSettings, VendorSettings

S = TypeVar("S", bound=ServerSettings)


def run_command(name: str, settings: type[S], build: Callable[[S], Server], argv: Sequence[str] | None = None) -> int:
    """Run a server's command, such as `github-mcp`; return its exit status: 0 after a stop, 2 for a wrong setting."""
    flags = vars(_parser(name, settings).parse_args(argv))
    return run(_main(name, settings, build, {key: value for key, value in flags.items() if value is not None}))


async def _main(name: str, settings: type[S], build: Callable[[S], Server], flags: dict[str, str]) -> int:
    configure(name)
    environ = environment()
    for field, value in flags.items():
        names = variables(field, settings.model_fields[field])
        for other in names:
            environ.pop(other, None)
        environ[names[0]] = value
    chosen = load(settings, environ)
    configure(name, chosen.log_level)
    if isinstance(chosen, VendorSettings) and not chosen.gateway and (unused := chosen.unused_proxy(environ)):
        get_logger(__name__).warning(unused)
    server = build(chosen)
    if chosen.transport == "stdio":
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own waits for the thread that reads standard input
        await run_stdio(server, chosen)
    else:
        check_bind(chosen.host, authenticated=chosen.authenticated, allow_public=chosen.allow_unauthenticated)
        address = f"http://{chosen.host}:{chosen.port}"
        sse = {"sse": f"{address}/sse"} if chosen.sse else {}
        told = partial(get_logger(__name__).info, "serving", streamable_http=f"{address}/mcp", **sse)
        await serve(build_app(server, chosen), host=chosen.host, port=chosen.port, started=told)
    return 0


def _parser(name: str, settings: type[ServerSettings]) -> argparse.ArgumentParser:
    described = {field: item.description for field, item in settings.model_fields.items()}
    parser = command.parser(name, "An MCP server. Every flag is also an environment variable; README.md lists them.")
    for field in ("transport", "host", "port", "toolsets", "tools", "exclude_tools"):
        parser.add_argument(f"--{field.replace('_', '-')}", dest=field, help=described[field])
    parser.add_argument(
        "--read-only", dest="read_only", action="store_const", const="true", help=described["read_only"]
    )
    for field in ("dry_run", "lockdown_mode"):
        if field in described:
            flag = f"--{field.replace('_', '-')}"
            parser.add_argument(flag, dest=field, action="store_const", const="true", help=described[field])
    parser.add_argument("--no-sse", dest="sse", action="store_const", const="false", help="do not serve /sse")
    return parser
