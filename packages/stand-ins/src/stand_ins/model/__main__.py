"""The command `stand-in-model`."""

import sys
from pathlib import Path

from pydantic import Field
from service_kit.errors import ConfigError
from starlette.types import ASGIApp

from stand_ins.kit import command
from stand_ins.model.app import build
from stand_ins.model.errors import ScenarioError

NAME = "stand-in-model"


class ModelSettings(command.StandInSettings):
    """What the stand-in reads from its environment."""

    model_config = command.named("model")
    port: int = 4002
    key: str | None = Field(default=None, description="the key; none takes any")


def main(argv: list[str] | None = None) -> int:
    """Run the stand-in until it is stopped."""
    parser = command.parser(NAME, "Play the Anthropic Messages API from scenario files.")
    parser.add_argument(
        "--scenarios", type=Path, action="append", default=[], metavar="DIR", help="a folder of scenarios; repeatable"
    )
    arguments = parser.parse_args(argv)

    def app(read: ModelSettings) -> ASGIApp:
        try:
            return build(arguments.scenarios, key=read.key)
        except ScenarioError as error:
            raise ConfigError(str(error)) from error

    return command.run(NAME, ModelSettings, arguments, app)


if __name__ == "__main__":
    sys.exit(main())
