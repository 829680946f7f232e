"""Looks before a house starts whether its ports are free."""

import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import replace

from service_kit.errors import ConfigError

from house.paths import HousePaths, ports_of, variable_of
from house.ports import remembered
from house.supervise import Supervisor

STEP = 1000


def check_ports(paths: HousePaths, names: Iterable[str], environ: Mapping[str, str]) -> None:
    """Check that these processes can listen on their ports.

    Raises:
        ConfigError: a port cannot be used; names its variable, and how the port becomes free.
    """
    listening = [name for name in paths.ports if name in set(names)]
    for name in listening:
        port = paths.ports[name]
        why = _refusal(port)
        if why:
            remedy = f"{_stop(paths, port)}, {_remedy(paths, name, listening, environ)}"
            raise ConfigError(f"port {port} for {name} cannot be used ({why}): {remedy}")


def _stop(paths: HousePaths, port: int) -> str:
    """Say how the port becomes free; the other house of this checkout, its own or the demo's, is known by name."""
    for home in (paths.home.parent, paths.home / "demo"):
        other = remembered(replace(paths, home=home))
        if other is not None and port in other.ports.values() and Supervisor(other).process() is not None:
            return f"the house in {home} has it: stop that house with `make down`"
    return "stop what uses it"


def _remedy(paths: HousePaths, name: str, listening: Iterable[str], environ: Mapping[str, str]) -> str:
    variable = variable_of(name)
    if environ.get(variable):
        return f"or set {variable} to another port than {environ[variable]}"
    defaults = ports_of(paths.vendors)
    moved = [defaults[other] for other in listening if not environ.get(variable_of(other))]
    offsets = range(STEP, 65_536 - max(moved), STEP)
    free = next((offset for offset in offsets if not any(_refusal(port + offset) for port in moved)), None)
    if free is None:
        return f"or set {variable} to a free port"
    return f"set {variable} to a free port, or move all ports with PORT_OFFSET={free}, where all are free"


def _refusal(port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror or os.strerror(error.errno or 0)
    return None
