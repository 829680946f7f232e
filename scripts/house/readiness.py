"""Asks a house's process whether it is ready, and makes sure that it is the one that answers."""

import contextlib
from pathlib import Path

from service_kit.errors import UpstreamError
from service_kit.http import HttpClient
from service_kit.untrusted_text import for_terminal

from house.paths import HousePaths
from house.processes import ready_url

SERVICES = {"control": "control-api", "worker": "agent-engine"}
"""What processes call themselves where it is not their name here."""
READY_BUT = "ready, but "
NOT_READY = "not ready: "
LISTENS = "0A"
PROC = Path("/proc")


async def readiness(paths: HousePaths, name: str, pid: int) -> str:
    """Give a process's state in a word or a sentence; `ready` is the good one, alone or with what wants looking at.

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
    if not holds(pid, paths.ports[name]):
        return f"not ready: another {service} answers on port {paths.ports[name]} in its place: stop it"
    if reply.ok:
        return READY_BUT + _told(answer.get("warnings")) if answer.get("warnings") else "ready"
    return NOT_READY + _told(answer.get("checks"))


def is_ready(state: str) -> bool:
    """Say whether a state is that of a process that is ready."""
    return state == "ready" or state.startswith(READY_BUT)


def _told(texts: object) -> str:
    named = texts.items() if isinstance(texts, dict) else ()
    return "; ".join(for_terminal(f"{name}: {text}") for name, text in named if text != "ok")


def holds(pid: int, port: int) -> bool:
    """Say whether a process listens on a port; yes where that cannot be seen."""
    if not PROC.is_dir():
        return True
    folder = PROC / str(pid)
    try:
        listening = {inode for table in ("tcp", "tcp6") for inode in _listening(folder / "net" / table, port)}
        return any(_link(entry) in listening for entry in (folder / "fd").iterdir())
    except PermissionError:
        return True
    except OSError:
        return False


def _link(entry: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return str(entry.readlink())
    return ""


def _listening(table: Path, port: int) -> list[str]:
    """Name the sockets that listen on a port, as /proc/<pid>/fd does."""
    if not table.exists():
        return []
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return [f"socket:[{row[9]}]" for row in rows if row[3] == LISTENS and int(row[1].rpartition(":")[2], 16) == port]
