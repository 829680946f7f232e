"""The command stand-in-github."""

import secrets
import sys

from service_kit import log

from stand_ins.github.app import DEFAULT_ACCOUNT, StandInApp, build
from stand_ins.kit import command

NAME = "stand-in-github"


class GitHubSettings(command.VendorSettings):
    """What the stand-in reads from its environment."""

    model_config = command.named("github")
    port: int = 4001
    account: str = DEFAULT_ACCOUNT


def main() -> int:
    """Run the stand-in until it is stopped."""
    parser = command.parser(NAME, "A stand-in GitHub for the demo and tests.")
    parser.add_argument("--webhook-url", help="where webhooks go (STAND_IN_GITHUB_WEBHOOK_URL)")
    return command.run(NAME, GitHubSettings, parser.parse_args(), _app)


def _app(read: GitHubSettings) -> StandInApp:
    if not read.token:
        log.get_logger("stand_ins.github").warning("no STAND_IN_GITHUB_TOKEN: only anonymous callers are answered")
    token = read.token or secrets.token_urlsafe(24)
    return build(tokens={token: read.account}, account=read.account, hook=read.hook)


if __name__ == "__main__":
    sys.exit(main())
