"""Remembers the ports that a house is up on. Owns `ports.json` in its folder, which is there from `up` to `down`."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from service_kit.errors import ConfigError

from house.place import PORTS, Place, variable_of
from house.supervise import Supervisor


def found(place: Place, environ: Mapping[str, str]) -> Place:
    """Give the place with the ports that its house is up on.

    Where it ended without `down`, its ports are still its own, but for those that the environment names.

    Raises:
        ConfigError: the environment names another port than the house is up on.
    """
    kept = remembered(place)
    if kept is None:
        return place
    named = {name: [one for one in (variable_of(name), "PORT_OFFSET") if environ.get(one)] for name in PORTS}
    if not Supervisor(place).running():
        return replace(place, ports={name: (place if named[name] else kept).ports[name] for name in PORTS})
    for name, port in place.ports.items():
        given = named[name]
        if given and port != kept.ports[name]:
            raise ConfigError(
                f"{given[0]}={environ[given[0]]} puts {name} on port {port}, and the house in {place.home} is up with "
                f"it on port {kept.ports[name]}: leave {given[0]} out, or stop that house with `make down` first"
            )
    return kept


def remember(place: Place) -> None:
    """Keep the ports of a house that comes up."""
    _file(place).write_text(json.dumps(dict(place.ports), indent=1) + "\n")


def remembered(place: Place) -> Place | None:
    """Give the place with the ports that its house came up on last; None where it went down since."""
    try:
        kept = json.loads(_file(place).read_text())
        return replace(place, ports={name: int(kept[name]) for name in PORTS})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def forget(place: Place) -> None:
    """Forget the ports: the house is down."""
    _file(place).unlink(missing_ok=True)


def _file(place: Place) -> Path:
    return place.home / "ports.json"
