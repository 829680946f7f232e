"""What the operator chose for a house."""

from collections.abc import Mapping
from dataclasses import dataclass

from service_kit.errors import ConfigError


@dataclass(frozen=True)
class Choice:
    """What the operator chose: which model, which GitHub, and how the CLI reaches MCP servers."""

    model: str = "stand-in"
    github: str = "stand-in"
    transport: str = "sse"
    slots: int = 4

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Choice":
        """Read MODEL, GITHUB, TRANSPORT and WORKER_SLOTS.

        Raises:
            ConfigError: one has a value that it does not take.
        """
        model = _one_of(environ, "MODEL", ("stand-in", "real"))
        github = "real" if environ.get("ISSUE") else _one_of(environ, "GITHUB", ("stand-in", "real"))
        if github == "real" and model != "real":
            raise ConfigError("the real GitHub is used with the real model only: set MODEL=real too")
        return cls(model, github, _one_of(environ, "TRANSPORT", ("sse", "http")), _slots(environ))


def _one_of(environ: Mapping[str, str], variable: str, values: tuple[str, ...]) -> str:
    value = environ.get(variable) or values[0]
    if value not in values:
        raise ConfigError(f"{variable}={value!r} is not usable: give one of {', '.join(values)}")
    return value


def _slots(environ: Mapping[str, str]) -> int:
    value = environ.get("WORKER_SLOTS") or "4"
    if not (value.isascii() and value.isdigit()) or not 1 <= int(value) <= 80:
        raise ConfigError(f"WORKER_SLOTS={value!r} is not usable: give a number from 1 to 80")
    return int(value)
