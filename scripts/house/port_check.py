"""Looks at a house's ports before it starts: each is one process's own, and free."""

import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import replace

from service_kit.errors import ConfigError

from house.paths import HousePaths, ports_of, variable_of
from house.ports import remembered
from house.supervise import Supervisor

STEP = 1000


def refuse_taken(paths: HousePaths, names: Iterable[str], environ: Mapping[str, str]) -> None:
    """Refuse ports that these processes cannot have.

    Args:
        paths: whose ports.
        names: the processes that will listen.
        environ: what the operator set.

    Raises:
        ConfigError: two processes have the same port, or one's port cannot be used; names the variables.
    """
    ports = {name: paths.ports[name] for name in paths.ports if name in set(names)}
    seen: dict[int, str] = {}
    for name, port in ports.items():
        other = seen.setdefault(port, name)
        if other != name:
            raise ConfigError(
                f"{_said(other, environ)} and {_said(name, environ)} both put a process on port {port}, {other} and "
                f"{name}: set {variable_of(name)} or {variable_of(other)} to a port of its own"
            )
    for name, port in ports.items():
        why = _refusal(port)
        if why:
            remedy = f"{_stop(paths, port)}, {_remedy(paths, name, ports, environ)}"
            raise ConfigError(f"port {port} for {name} cannot be used ({why}): {remedy}")


def _said(name: str, environ: Mapping[str, str]) -> str:
    """Name what puts a process where it is."""
    given = [variable for variable in (variable_of(name), "PORT_OFFSET") if environ.get(variable)]
    return f"{given[0]}={environ[given[0]]}" if given else f"the default of {variable_of(name)}"


def _stop(paths: HousePaths, port: int) -> str:
    """Say how the port becomes free; the other house of this checkout, its own or the demo's, is known by name."""
    for home in (paths.home.parent, paths.home / "demo"):
        other = remembered(replace(paths, home=home))
        if other is not None and port in other.ports.values() and Supervisor(other).pid() is not None:
            return f"the house in {home} has it: stop that house with `make down`"
    return "stop what uses it"


def _remedy(paths: HousePaths, name: str, ports: Mapping[str, int], environ: Mapping[str, str]) -> str:
    variable = variable_of(name)
    if environ.get(variable):
        return f"or set {variable} to another port than {environ[variable]}"
    defaults = ports_of(paths.vendors)
    moved = [defaults[other] for other in ports if not environ.get(variable_of(other))]
    now = environ.get("PORT_OFFSET") or "0"
    offsets = (offset for offset in range(STEP, 65_536 - max(moved), STEP) if str(offset) != now)
    free = next((offset for offset in offsets if not any(_refusal(port + offset) for port in moved)), None)
    if free is None:
        return f"or set {variable} to a free port"
    instead = f" instead of {now}" if now != "0" else ""
    return f"set {variable} to a free port, or move all ports with PORT_OFFSET={free}{instead}, where all are free"


def _refusal(port: int) -> str | None:
    """Say why a port cannot be listened on; None where it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror or os.strerror(error.errno or 0)
    return None
