"""Keeps what `make up` was told for the next `make up`. Owns `settings.env` in the house's folder, and reads `.env`."""

from collections.abc import Mapping
from pathlib import Path

from agent_vendors import Vendor
from dotenv import dotenv_values
from service_kit.errors import ConfigError
from service_kit.keys import write_private

from house.paths import ROOT, HousePaths, variable_of
from house.processes import options_of, prefix_of

HEAD = """\
# What `make up` was told last. It holds for the next one, unless that is told otherwise: remove a line, or this file,
# to go back to the defaults. Credentials are not kept here: give them again, or write them into .env of the checkout.
"""
CHOICES = (
    "MODEL",
    "MODEL_UPSTREAM_URL",
    "TRANSPORT",
    "VENDORS",
    "PORT_OFFSET",
    "DATABASE_URL",
    "REDIS_URL",
    "LOG_LEVEL",
)
CREDENTIALS = ("_TOKEN", "_KEY", "_SECRET", "_SECRETS", "_PASSWORD")
"""How the names of variables end whose values are not kept."""


def with_kept(environ: Mapping[str, str], *, dotenv: Path = ROOT / ".env") -> dict[str, str]:
    """Add what is kept to what is given now: a value given now counts first, then `settings.env`, then `.env`.

    Raises:
        ConfigError: one of the files cannot be read.
    """
    given = {name: value for name, value in environ.items() if value}
    told = _read(dotenv)
    home = HousePaths.from_environment({"AGENT_BOT_HOME": (told | given).get("AGENT_BOT_HOME", "")}).home
    return told | _read(home / "settings.env") | given


def keep(paths: HousePaths, environ: Mapping[str, str]) -> dict[str, str]:
    """Keep the settings that a house came up with, without credentials; return those that are kept."""
    kept = {name: value for name, value in sorted(environ.items()) if value and _is_kept(name, paths)}
    lines = [f"{name}='{_quoted(value)}'\n" for name, value in kept.items()]
    write_private(paths.home / "settings.env", HEAD + "".join(lines))
    return kept


def _is_kept(name: str, paths: HousePaths) -> bool:
    if name.endswith(CREDENTIALS):
        return False
    options = options_of(paths.vendors)
    processes = (*paths.ports, *options, "stores")
    known = {*CHOICES, *map(variable_of, paths.ports), *(option for listed in options.values() for option in listed)}
    known |= {variable for vendor in paths.vendors for variable in _of_vendor(vendor)}
    return name in known or name.startswith(tuple(map(prefix_of, processes)))


def _of_vendor(vendor: Vendor) -> set[str]:
    return {vendor.variable, *(variable for variable, _ in vendor.upstream_settings.values())} - {vendor.credential}


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _read(file: Path) -> dict[str, str]:
    try:
        with file.open(encoding="utf-8") as lines:
            found = dotenv_values(stream=lines, interpolate=False)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigError(f"{file} cannot be read ({why}): mend it, or remove it") from None
    return {name: value for name, value in found.items() if value}
