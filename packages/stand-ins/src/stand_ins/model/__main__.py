"""The command `stand-in-model`."""

import argparse
import os
import sys
from pathlib import Path

from service_kit.errors import ConfigError
from service_kit.log import configure
from service_kit.serve import check_bind, run, serve

from stand_ins.model.app import build
from stand_ins.model.errors import ScenarioError


async def serve_scenarios(host: str, port: int, folders: list[Path]) -> None:
    """Serve the stand-in until it is told to stop.

    Raises:
        ConfigError: a scenario file is wrong, or the address cannot be bound.
    """
    key = os.environ.get("STAND_IN_MODEL_KEY") or None
    check_bind(host, authenticated=key is not None)
    try:
        app = build(folders, key=key)
    except ScenarioError as error:
        raise ConfigError(str(error)) from error
    await serve(app, host=host, port=port)


def main(argv: list[str] | None = None) -> int:
    """Run the command; gives the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="stand-in-model", description="Play the Anthropic Messages API from scenario files."
    )
    parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "4002")))
    parser.add_argument("--scenarios", type=Path, action="append", default=[], metavar="DIR", help="may be repeated")
    options = parser.parse_args(argv)
    configure("stand-in-model", os.environ.get("LOG_LEVEL", "info"))
    return run(serve_scenarios(options.host, options.port, options.scenarios))


if __name__ == "__main__":
    sys.exit(main())
