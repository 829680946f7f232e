"""Asks a house's process whether it is ready, and makes sure that nothing else answers in its place."""

import contextlib

from service_kit.errors import UpstreamError
from service_kit.http import HttpClient
from service_kit.untrusted_text import for_terminal

from house.paths import HousePaths
from house.processes import ready_url

SERVICES = {"control": "control-api", "worker": "agent-engine"}
"""What processes call themselves where it is not their name here."""
READY_BUT = "ready, but "
NOT_READY = "not ready: "


async def readiness(paths: HousePaths, name: str) -> str:
    """Return a process's state; `ready` is the good one, alone or with a sentence on what wants looking at."""
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
    if reply.ok:
        return READY_BUT + _told(answer.get("warnings")) if answer.get("warnings") else "ready"
    return NOT_READY + _told(answer.get("checks"))


def is_ready(state: str) -> bool:
    """Return whether a state is that of a process that is ready."""
    return state == "ready" or state.startswith(READY_BUT)


def _told(texts: object) -> str:
    named = texts.items() if isinstance(texts, dict) else ()
    return "; ".join(for_terminal(f"{name}: {text}") for name, text in named if text != "ok")
