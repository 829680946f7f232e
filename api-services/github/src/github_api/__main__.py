"""The command `github-api`."""

import sys
from collections.abc import Sequence

from api_kit import run_command, run_gateway

from github_api.settings import GitHubApiSettings
from github_api.table import TIERS, table
from github_api.upstream import github


async def serving(settings: GitHubApiSettings) -> None:
    """Serve the gateway that the settings describe."""
    await run_gateway(table(), github(settings), settings, base_url=settings.github_upstream_url, tiers=TIERS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    return run_command("github-api", GitHubApiSettings, serving, arguments)


if __name__ == "__main__":
    sys.exit(main())
