"""The command `github-mcp`."""

import sys

from mcp_kit.command import run_command

from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings


def main() -> None:
    """Run the command with the process's arguments and environment."""
    sys.exit(run_command("github-mcp", GitHubSettings, build_server))


if __name__ == "__main__":
    main()
