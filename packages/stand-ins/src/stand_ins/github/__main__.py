"""The command stand-in-github."""

import argparse
import secrets
import sys

from pydantic import AliasChoices, Field
from service_kit import command, log, serve, settings
from service_kit.guard import HostGuard

from stand_ins.github.app import DEFAULT_ACCOUNT, build
from stand_ins.kit.webhooks import Hook


class GitHubSettings(settings.Settings):
    """What the stand-in reads from its environment."""

    host: str = Field(default="127.0.0.1", validation_alias=AliasChoices("STAND_IN_GITHUB_HOST", "HOST"))
    port: int = Field(default=4001, validation_alias=AliasChoices("STAND_IN_GITHUB_PORT", "PORT"))
    token: str = Field(
        default="", validation_alias="STAND_IN_GITHUB_TOKEN", description="the token it takes for its account's"
    )
    account: str = Field(default=DEFAULT_ACCOUNT, validation_alias="STAND_IN_GITHUB_ACCOUNT")
    webhook_url: str = Field(default="", validation_alias="STAND_IN_GITHUB_WEBHOOK_URL")
    webhook_secret: str = Field(default="", validation_alias="GITHUB_WEBHOOK_SECRET")
    log_level: settings.LogLevel = "info"
    allow_unauthenticated: bool = False


def main() -> int:
    """Run the stand-in until it is stopped."""
    parser = command.parser("stand-in-github", "A stand-in GitHub for the demo and tests.")
    parser.add_argument("--host", help="address to listen on (HOST)")
    parser.add_argument("--port", type=int, help="port to listen on (PORT)")
    parser.add_argument("--webhook-url", help="where webhooks go (STAND_IN_GITHUB_WEBHOOK_URL)")
    arguments = parser.parse_args()
    return serve.run(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> None:
    read = settings.load(GitHubSettings)
    log.configure("stand-in-github", read.log_level)
    host, port = arguments.host or read.host, arguments.port or read.port
    serve.check_bind(host, authenticated=False, allow_public=read.allow_unauthenticated)
    token = read.token or secrets.token_urlsafe(24)
    if not read.token:
        log.get_logger("stand_ins.github").warning("no STAND_IN_GITHUB_TOKEN: only anonymous callers are answered")
    url = arguments.webhook_url or read.webhook_url
    hook = Hook(url, read.webhook_secret or None) if url else None
    app = build(tokens={token: read.account}, account=read.account, hook=hook)
    await serve.serve(HostGuard(app), host=host, port=port, settings="STAND_IN_GITHUB_PORT or --port")


if __name__ == "__main__":
    sys.exit(main())
