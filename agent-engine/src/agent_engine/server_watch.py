"""Which MCP servers have answered since the worker started: tasks that need another one are left in the queue."""

import asyncio
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit, urlunsplit

from service_kit.errors import ServiceKitError
from service_kit.http import HttpClient


class ServerWatch:
    """Asks each server, by name and URL, until it has answered once."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._silent = dict(urls)

    async def look(self) -> list[str]:
        """Ask those that have not answered yet, and give the names of those that did now."""
        answers = await asyncio.gather(*(_answers(url) for url in self._silent.values()))
        came = [name for name, answered in zip(list(self._silent), answers, strict=True) if answered]
        for name in came:
            del self._silent[name]
        return came

    @property
    def silent(self) -> list[str]:
        """The servers that have not answered yet."""
        return list(self._silent)

    def have_answered(self, servers: Iterable[str]) -> bool:
        """Say whether all of these have answered; one that nobody watches counts as one that has."""
        return self._silent.keys().isdisjoint(servers)

    def fault(self) -> str | None:
        """Say which servers are waited for; None where there are none."""
        return f"not answered since the start: {', '.join(self._silent)}" if self._silent else None


async def _answers(url: str) -> bool:
    """Say whether the server says that it is alive; a proxy in front of it may answer too, and says 502 or 503."""
    parts = urlsplit(url)
    base = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    try:
        async with HttpClient(base_url=base, timeout=5, connect_timeout=2, retries=0) as http:
            return (await http.request("GET", "/health")).ok
    except ServiceKitError:
        return False
