"""Remembers, while a house is up, what it came up with. Owns `came_up.json` in its folder; only `down` removes it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from service_kit.errors import ConfigError
from service_kit.keys import write_private

from house.paths import HousePaths, vendors_of
from house.processes import WORKER_OPTIONS, prefix_of
from house.supervise import Supervisor

ENGINES = ("DATABASE_URL", "REDIS_URL", "TRANSPORT", "VENDORS", *WORKER_OPTIONS)
"""What `up` was given and the engine's command line needs again."""


def with_its_ports(paths: HousePaths) -> HousePaths:
    """Return the paths with the ports that the house is up on; where it is not up, as they are given."""
    kept = remembered(paths)
    return kept if kept is not None and Supervisor(paths).process() is not None else paths


def remember(paths: HousePaths, environ: Mapping[str, str]) -> None:
    """Keep the ports of a house that comes up, and the variables that the engine's command line needs again."""
    named = {name: value for name, value in environ.items() if value and _is_engines(name)}
    write_private(_file(paths), json.dumps({"ports": dict(paths.ports), "given": named}, indent=1) + "\n")


def came_up_with(paths: HousePaths, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with what the house was given for its engine in place of what is given now."""
    return {name: value for name, value in environ.items() if not _is_engines(name)} | given(paths)


def given(paths: HousePaths) -> dict[str, str]:
    """Return what the house that is up was given for its engine; nothing where none is."""
    return _kept(paths).get("given", {})


def remembered(paths: HousePaths) -> HousePaths | None:
    """Return the paths with the ports and vendors that the house came up with last; None where it went down since."""
    ports = _kept(paths).get("ports", {})
    try:
        vendors = vendors_of(given(paths))
    except ConfigError:  # a vendor was uninstalled since
        return None
    return replace(paths, ports={**paths.ports, **ports}, vendors=vendors) if ports else None


def forget(paths: HousePaths) -> None:
    """Forget what the house came up with: it is down."""
    _file(paths).unlink(missing_ok=True)


def _is_engines(variable: str) -> bool:
    return variable in ENGINES or variable.startswith(prefix_of("worker"))


def _file(paths: HousePaths) -> Path:
    return paths.home / "came_up.json"


def _kept(paths: HousePaths) -> dict[str, dict[str, Any]]:
    try:
        kept: dict[str, dict[str, Any]] = json.loads(_file(paths).read_text())
    except (OSError, ValueError):  # not up, or the disk was full
        return {}
    return kept
