"""Keeps what `make up` was told for the next `make up`. Owns `settings.env` in the house's folder, and reads `.env`."""

import contextlib
import re
import shlex
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from agent_vendors import Vendor
from dotenv.parser import parse_stream
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
DOTENV = ROOT / ".env"
OF_MAKE = frozenset(
    {
        *("AGENT_BOT_HOME", "DOOR", "STORY", "MODE", "ISSUE", "ALLOW_WRITES", "TASK", "LINES_SHOWN", "CASES", "YES"),
        *("PYTHON", "GITHUB_TOKEN", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    }
)
"""What make's targets take besides; it is not kept."""
CREDENTIALS = ("_TOKEN", "_KEY", "_SECRET", "_SECRETS", "_PASSWORD")
"""How the names of variables end whose values are not kept."""


def with_kept(environ: Mapping[str, str], *, dotenv: Path | None = None) -> dict[str, str]:
    """Add what is kept to what is given now: a value given now counts first, then `settings.env`, then `.env`.

    Raises:
        ConfigError: one of the files cannot be read.
        PermissionError: it is another user's.
    """
    given = {name: value for name, value in environ.items() if value}
    told = _read(dotenv or DOTENV)
    home = HousePaths.from_environment({"AGENT_BOT_HOME": (told | given).get("AGENT_BOT_HOME", "")}).home
    return told | _read(home / "settings.env") | given


def keep(paths: HousePaths, environ: Mapping[str, str]) -> dict[str, str]:
    """Keep the settings that a house came up with, without credentials; return those that are kept."""
    kept = {name: value for name, value in sorted(environ.items()) if value and _is_kept(name, paths)}
    lines = [f"{name}='{_quoted(value)}'\n" for name, value in kept.items()]
    write_private(paths.home / "settings.env", HEAD + "".join(lines))
    return kept


def check_spelling(environ: Mapping[str, str], paths: HousePaths) -> None:
    """Raise ConfigError for a setting on make's command line, or in `settings.env`, that is nearly a known one."""
    told = shlex.split(environ.get("MAKEFLAGS", "").partition("-- ")[2])
    places = dict.fromkeys((word.partition("=")[0] for word in told if "=" in word), "make's command line")
    places |= dict.fromkeys(_read(paths.home / "settings.env"), f"{paths.home}/settings.env")
    known = _known(paths) | OF_MAKE
    for name, place in places.items():
        near = get_close_matches(name.upper(), known, n=1, cutoff=0.75)
        if name not in known and "__" not in name and near:
            raise ConfigError(f"{place} sets {name}, which is no setting: did you mean {near[0]}?")


def told_by(error: Exception, environ: Mapping[str, str], paths: HousePaths, *, dotenv: Path | None = None) -> str:
    """Say which settings that an error names come from a file, so that its reader knows where to mend them.

    A file that cannot be read is left out: the error that is being told may be of that very file.
    """
    given, named = {name for name, value in environ.items() if value}, []
    for file in (paths.home / "settings.env", dotenv or DOTENV):
        with contextlib.suppress(ConfigError, PermissionError):
            settings = [name for name in _read(file) if name not in given and re.search(rf"\b{name}\b", str(error))]
            named += [f"{name} is set in {file}" for name in settings]
    return f" ({'; '.join(named)})" if named else ""


def _is_kept(name: str, paths: HousePaths) -> bool:
    if name.endswith(CREDENTIALS):
        return False
    processes = (*paths.ports, *options_of(paths.vendors), "stores")
    return name in _known(paths) or name.startswith(tuple(map(prefix_of, processes)))


def _known(paths: HousePaths) -> set[str]:
    options = (option for listed in options_of(paths.vendors).values() for option in listed)
    vendors = {variable for vendor in paths.vendors for variable in _of_vendor(vendor)}
    return {*CHOICES, *map(variable_of, paths.ports), *options, *vendors}


def _of_vendor(vendor: Vendor) -> set[str]:
    asked = {variable for variable, _ in vendor.upstream_settings.values()} - {vendor.credential}
    return {vendor.variable, *asked, *vendor.app_variables}


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _read(file: Path) -> dict[str, str]:
    try:
        with file.open(encoding="utf-8") as lines:
            found = list(parse_stream(lines))
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigError(f"{file} cannot be read ({why}): mend it, or remove it") from None
    for line in found:
        if line.error:
            raise ConfigError(f"{file}: line {line.original.line} is not NAME=value: mend it, or remove it")
    return {line.key: line.value for line in found if line.key and line.value}
