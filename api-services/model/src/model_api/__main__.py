"""The command `model-api`."""

import sys

from agent_stores.pool import open_pool
from service_kit import command
from service_kit.log import configure, get_logger
from service_kit.serve import run, serve
from service_kit.settings import environment, load, unset_env

from model_api.app import build
from model_api.settings import SECRETS, ModelSettings

POOL_SIZE = 20


async def serve_model(host: str | None, port: int | None) -> None:
    """Serve until told to stop.

    Raises:
        ConfigError: the environment is wrong, the database does not answer, or the address cannot be bound.
    """
    settings = load(ModelSettings)
    configure("model-api", settings.log_level)
    if unused := settings.unused_proxy(environment()):
        get_logger(__name__).warning(unused)
    unset_env(*SECRETS)
    pool = await open_pool(settings.database_url, size=POOL_SIZE, application="model-api")
    try:
        await serve(
            build(settings, pool=pool),
            host=host or settings.host,
            port=settings.port if port is None else port,
        )
    finally:
        pool.terminate()


def main(argv: list[str] | None = None) -> int:
    """Run the command; gives the process's exit status."""
    parser = command.parser(
        "model-api", "The Anthropic Messages API in front of the model; all else is set by the environment."
    )
    parser.add_argument("--host", help="in place of HOST")
    parser.add_argument("--port", type=int, help="in place of PORT")
    options = parser.parse_args(argv)
    return run(serve_model(options.host, options.port))


if __name__ == "__main__":
    sys.exit(main())
