"""Asks a house's process whether it is ready, and makes sure that it is the one that answers."""

import contextlib

import psutil
from service_kit.errors import UpstreamError
from service_kit.http import HttpClient
from service_kit.untrusted_text import for_terminal

from house.paths import HousePaths
from house.processes import ready_url

SERVICES = {"control": "control-api", "worker": "agent-engine"}
"""What processes call themselves where it is not their name here."""
READY_BUT = "ready, but "
NOT_READY = "not ready: "


async def readiness(paths: HousePaths, name: str, pid: int) -> str:
    """Return a process's state in a word or a sentence; `ready` is the good one, alone or with what wants looking at.

    Args:
        paths: whose process.
        name: its name.
        pid: its id; what another process answers on its port does not count.
    """
    url = ready_url(paths, name)
    if url is None:
        return "ready"
    async with HttpClient(timeout=5, retries=0) as http:
        try:
            reply = await http.request("GET", url)
        except UpstreamError as error:
            return f"no answer: {error}"
    told: object = None
    with contextlib.suppress(ValueError, UpstreamError):
        told = reply.json()
    answer = told if isinstance(told, dict) else {}
    wanted, service = SERVICES.get(name, name), answer.get("service")
    if service != wanted:
        what = for_terminal(str(service)[:60]) if service else "something else"
        return f"not ready: {what} answers on port {paths.ports[name]} in its place: stop it"
    if not _listens(pid, paths.ports[name]):
        return f"not ready: another {service} answers on port {paths.ports[name]} in its place: stop it"
    if reply.ok:
        return READY_BUT + _told(answer.get("warnings")) if answer.get("warnings") else "ready"
    return NOT_READY + _told(answer.get("checks"))


def is_ready(state: str) -> bool:
    """Return whether a state is that of a process that is ready."""
    return state == "ready" or state.startswith(READY_BUT)


def _told(texts: object) -> str:
    named = texts.items() if isinstance(texts, dict) else ()
    return "; ".join(for_terminal(f"{name}: {text}") for name, text in named if text != "ok")


def _listens(pid: int, port: int) -> bool:
    """Return whether a process listens on a port; True where that cannot be seen."""
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.AccessDenied:
        return True
    except psutil.NoSuchProcess:
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections)
