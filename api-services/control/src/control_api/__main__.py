"""`control-api [--host --port]` serves; `control-api migrate` brings its tables up to date."""

import sys

from agent_stores.migrate_command import migrate_owners
from agent_stores.pool import open_pool
from service_kit import command
from service_kit.access import read_access
from service_kit.log import configure
from service_kit.serve import run, serve
from service_kit.settings import environment, load, unset_env

from control_api.app import build
from control_api.migrations import OWNERS
from control_api.settings import ControlSettings
from control_api.sources.instances import referenced_variables
from control_api.sources.registry import installed_sources, secret_variables

POOL_SIZE = 10
"""Connections to the database, besides one for each feed."""


def main() -> int:
    """Run the command line."""
    parser = command.parser("control-api", __doc__)
    parser.add_argument("command", nargs="?", choices=["serve", "migrate"], default="serve")
    parser.add_argument("--host", help="the address to listen on (HOST)")
    parser.add_argument("--port", type=int, help="the port to listen on (PORT)")
    given = parser.parse_args()
    if given.command == "migrate":
        configure("control-api")
        return run(migrate_owners(*OWNERS))
    return run(_serve(given.host, given.port))


async def _serve(host: str | None, port: int | None) -> None:
    settings, environ, sources = load(ControlSettings), environment(), installed_sources()
    configure("control-api", settings.log_level)
    access = read_access(settings.access_file)
    unset_env("DATABASE_URL", *secret_variables(sources), *referenced_variables(access))
    pool = await open_pool(settings.database_url, size=POOL_SIZE + len(access.feeds), application="control-api")
    try:
        app = build(settings, pool, environ, sources=sources)
        await serve(app, host=host or settings.host, port=settings.port if port is None else port)
    finally:
        await pool.close()


if __name__ == "__main__":
    sys.exit(main())
