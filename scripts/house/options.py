"""What the operator chose for a house."""

from collections.abc import Mapping
from dataclasses import dataclass

from service_kit.errors import ConfigError
from service_kit.settings import check_token

from house.paths import vendors_of


@dataclass(frozen=True)
class Options:
    """What the operator chose: `model` and the vendors that are real, and how the CLI reaches MCP servers."""

    real: frozenset[str] = frozenset()
    transport: str = "sse"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Options":
        """Read MODEL, each vendor's variable such as GITHUB, and TRANSPORT.

        Raises:
            ConfigError: one has a value that it does not take, or a vendor is real and the model is not.
        """
        vendors = vendors_of(environ)
        real = {vendor.name for vendor in vendors if _is_real(environ, vendor.variable)}
        if _is_real(environ, "MODEL"):
            real.add("model")
        elif real:
            named = " and ".join(vendor.title for vendor in vendors if vendor.name in real)
            raise ConfigError(f"the real {named} is used with the real model only: set MODEL=real too")
        return cls(frozenset(real), _one_of(environ, "TRANSPORT", ("sse", "http")))


def credential(variable: str, value: str) -> str:
    """Return a credential. Raises ConfigError, with the operator's variable and not the value, where it is no token."""
    try:
        return check_token(value)
    except ValueError as error:
        raise ConfigError(f"{variable} is not usable: {error}") from None


def _is_real(environ: Mapping[str, str], variable: str) -> bool:
    return _one_of(environ, variable, ("stand-in", "real")) == "real"


def _one_of(environ: Mapping[str, str], variable: str, values: tuple[str, ...]) -> str:
    value = environ.get(variable) or values[0]
    if value not in values:
        raise ConfigError(f"{variable}={value!r} is not usable: give one of {', '.join(values)}")
    return value
