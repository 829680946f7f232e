"""The command `stand-in-model`."""

import argparse
import sys
from pathlib import Path

from pydantic import AliasChoices, Field
from service_kit import command, log, serve, settings
from service_kit.errors import ConfigError
from service_kit.guard import HostGuard

from stand_ins.model.app import build
from stand_ins.model.errors import ScenarioError


class ModelSettings(settings.Settings):
    """What the stand-in reads from its environment."""

    host: str = Field(default="127.0.0.1", validation_alias=AliasChoices("STAND_IN_MODEL_HOST", "HOST"))
    port: int = Field(default=4002, validation_alias=AliasChoices("STAND_IN_MODEL_PORT", "PORT"))
    key: str | None = Field(default=None, validation_alias="STAND_IN_MODEL_KEY", description="the key; none takes any")
    log_level: settings.LogLevel = "info"
    allow_unauthenticated: bool = False


def main(argv: list[str] | None = None) -> int:
    """Run the stand-in until it is stopped."""
    parser = command.parser("stand-in-model", "Play the Anthropic Messages API from scenario files.")
    parser.add_argument("--host", help="address to listen on (HOST)")
    parser.add_argument("--port", type=int, help="port to listen on (PORT)")
    parser.add_argument(
        "--scenarios", type=Path, action="append", default=[], metavar="DIR", help="a folder of scenarios; repeatable"
    )
    return serve.run(_serve(parser.parse_args(argv)))


async def _serve(arguments: argparse.Namespace) -> None:
    read = settings.load(ModelSettings)
    log.configure("stand-in-model", read.log_level)
    host = arguments.host or read.host
    port = read.port if arguments.port is None else arguments.port
    # Its own controls take no key, so a wide bind is never authenticated.
    serve.check_bind(host, authenticated=False, allow_public=read.allow_unauthenticated)
    try:
        app = build(arguments.scenarios, key=read.key)
    except ScenarioError as error:
        raise ConfigError(str(error)) from error
    await serve.serve(HostGuard(app), host=host, port=port, settings="STAND_IN_MODEL_PORT or --port")


if __name__ == "__main__":
    sys.exit(main())
