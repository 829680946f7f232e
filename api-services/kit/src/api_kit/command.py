"""The command line that every gateway has: two flags over the environment, then HTTP until told to stop."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from service_kit import command
from service_kit.serve import run
from service_kit.settings import environment, is_secret, load, unset_env, variables

from api_kit.settings import GatewaySettings

S = TypeVar("S", bound=GatewaySettings)


def run_command(
    name: str, settings: type[S], serving: Callable[[S], Coroutine[Any, Any, None]], argv: Sequence[str] | None = None
) -> int:
    """Run a gateway's command, such as `github-api`; `serving` awaits `run_gateway` with the settings.

    Return its exit status: 0 after a stop, 2 for a setting that is wrong. Secrets are dropped from the process's
    environment once they are read.
    """
    port = settings.model_fields["port"].default
    parser = command.parser(name, "A gateway. Its environment says all; README.md lists it.")
    parser.add_argument("--host", help="the address to listen on, in place of HOST")
    parser.add_argument("--port", help=f"the port to listen on, in place of PORT ({port})")
    flags = vars(parser.parse_args(argv))
    given = {field.upper(): value for field, value in flags.items() if value is not None}

    async def main() -> None:
        chosen = load(settings, {**environment(), **given})
        unset_env(*secrets_of(settings))
        await serving(chosen)

    return run(main())


def secrets_of(settings: type[GatewaySettings]) -> list[str]:
    """Return the variables that hold secrets."""
    return [
        variable
        for name, field in settings.model_fields.items()
        if is_secret(field)
        for variable in variables(name, field)
    ]
