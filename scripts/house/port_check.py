"""Looks before a house starts whether its ports are free."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from agent_stores.server import port_refusal
from service_kit.errors import ConfigError

from house.paths import HousePaths, variable_of
from house.ports import remembered
from house.supervise import Supervisor


def check_ports(paths: HousePaths, names: Collection[str], environ: Mapping[str, str]) -> None:
    """Raise ConfigError, with a remedy, where one of these processes cannot listen on its port.

    PORT_OFFSET moves only the ports that `environ` does not set by a variable of their own.
    """
    for name, port in paths.ports.items():
        why = port_refusal(port) if name in names else None
        if why:
            moved = "" if environ.get(variable_of(name)) else ", or PORT_OFFSET to move all ports"
            raise ConfigError(
                f"port {port} for {name} cannot be used ({why}): {_stop(paths, port)}, or set {variable_of(name)} to a "
                f"free port{moved}"
            )


def _stop(paths: HousePaths, port: int) -> str:
    """Say how the port becomes free; the other house of this checkout, its own or the demo's, is known by name."""
    for home in (paths.home.parent, paths.home / "demo"):
        other = remembered(replace(paths, home=home))
        if other is not None and port in other.ports.values() and Supervisor(other).process() is not None:
            return f"the house in {home} has it: stop that house with `make down`"
    return "stop what uses it"
