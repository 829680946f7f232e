"""Remembers what a house came up with. Owns `ports.json` and `given.json` in its folder, there from `up` to `down`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from service_kit.errors import ConfigError
from service_kit.keys import write_private

from house.paths import HousePaths, ports_of, variable_of, vendors_of
from house.processes import WORKER_OPTIONS, prefix_of
from house.supervise import Supervisor

ENGINES = ("DATABASE_URL", "REDIS_URL", "TRANSPORT", "WORKER_SLOTS", "VENDORS", *WORKER_OPTIONS)
"""What `up` was given and the engine's command line needs again."""


def found(paths: HousePaths, environ: Mapping[str, str]) -> HousePaths:
    """Give the place with the ports that its house is up on.

    Where it ended without `down`, its ports are still its own, but for those that the environment names.

    Raises:
        ConfigError: the environment names another port than the house is up on.
    """
    kept = remembered(paths)
    if kept is None:
        return paths
    named = {name: [one for one in (variable_of(name), "PORT_OFFSET") if environ.get(one)] for name in paths.ports}
    if Supervisor(paths).pid() is None:
        return replace(paths, ports={name: (paths if named[name] else kept).ports[name] for name in paths.ports})
    for name, port in paths.ports.items():
        given = named[name]
        if given and port != kept.ports.get(name):
            raise ConfigError(
                f"{given[0]}={environ[given[0]]} puts {name} on port {port}, and the house in {paths.home} is up with "
                f"it on port {kept.ports.get(name)}: leave {given[0]} out, or stop that house with `make down` first"
            )
    return kept


def remember(paths: HousePaths, environ: Mapping[str, str]) -> None:
    """Keep the ports of a house that comes up, and what of the environment the engine's command line needs again."""
    named = {name: value for name, value in environ.items() if value and _is_engines(name)}
    write_private(_given(paths), json.dumps(named) + "\n")
    _file(paths).write_text(json.dumps(dict(paths.ports), indent=1) + "\n")


def came_up_with(paths: HousePaths, environ: Mapping[str, str]) -> dict[str, str]:
    """Give the environment with what the house was given for its engine in place of what is given now."""
    return {name: value for name, value in environ.items() if not _is_engines(name)} | given(paths)


def given(paths: HousePaths) -> dict[str, str]:
    """Give what the house that is up was given for its engine; nothing where none is."""
    try:
        return {str(name): str(value) for name, value in json.loads(_given(paths).read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return {}


def remembered(paths: HousePaths) -> HousePaths | None:
    """Give the place with the ports and vendors that its house came up with last; None where it went down since."""
    try:
        kept = json.loads(_file(paths).read_text())
        ports = {str(name): int(port) for name, port in kept.items()}
        if not ports.keys() >= ports_of(()).keys():
            return None
        return replace(paths, ports={**paths.ports, **ports}, vendors=vendors_of(given(paths)))
    except (OSError, ValueError, TypeError, AttributeError, ConfigError):
        return None


def forget(paths: HousePaths) -> None:
    """Forget the ports: the house is down."""
    for file in (_file(paths), _given(paths)):
        file.unlink(missing_ok=True)


def _is_engines(variable: str) -> bool:
    return variable in ENGINES or variable.startswith(prefix_of("worker"))


def _file(paths: HousePaths) -> Path:
    return paths.home / "ports.json"


def _given(paths: HousePaths) -> Path:
    return paths.home / "given.json"
