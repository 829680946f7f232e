"""The command `github-api`."""

import argparse
import sys
from collections.abc import Sequence

from api_kit import run_gateway
from service_kit.errors import ConfigError
from service_kit.serve import run
from service_kit.settings import forget, load

from github_api.routes import TIERS, table
from github_api.settings import GitHubApiSettings
from github_api.upstream import github


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gateway; everything comes from the environment, two flags override it."""
    parser = argparse.ArgumentParser(prog="github-api", description="The gateway in front of the GitHub REST API.")
    parser.add_argument("--host", help="the address to listen on, in place of HOST")
    parser.add_argument("--port", type=int, help="the port to listen on, in place of PORT (3001)")
    flags = parser.parse_args(arguments)
    try:
        settings = load(GitHubApiSettings)
        vendor = github(settings)
    except ConfigError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    given = {name: value for name, value in vars(flags).items() if value is not None}
    settings = settings.model_copy(update=given)
    forget("GITHUB_UPSTREAM_TOKEN", "DATABASE_URL", "REDIS_URL")
    return run(run_gateway(table(), vendor, settings, base_url=settings.github_upstream_url, tiers=TIERS))


if __name__ == "__main__":
    sys.exit(main())
