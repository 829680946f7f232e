"""Which MCP servers answer, as far as the worker knows: tasks that need another one are left in the queue."""

import asyncio
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit, urlunsplit

from service_kit.errors import ServiceKitError
from service_kit.http import HttpClient


class ServerWatch:
    """Asks each server, by name and URL, until it has answered once, and again once a run has missed it."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = dict(urls)
        self._silent = dict(urls)
        self._missing = asyncio.Event()

    def miss(self, servers: Iterable[str]) -> None:
        """Note that a run did not reach these servers."""
        self._silent |= {name: self._urls[name] for name in servers if name in self._urls}
        self._missing.set()

    async def until_missed(self) -> None:
        """Wait until a run has missed a server."""
        self._missing.clear()
        await self._missing.wait()

    async def look(self) -> list[str]:
        """Ask those that have not answered yet, and give the names of those that did now."""
        asked = dict(self._silent)
        answers = await asyncio.gather(*(_answers(url) for url in asked.values()))
        came = [name for name, answered in zip(asked, answers, strict=True) if answered]
        for name in came:
            self._silent.pop(name, None)
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
        return f"no answer yet, or none any more: {', '.join(self._silent)}" if self._silent else None


async def _answers(url: str) -> bool:
    """Say whether the server says that it is alive; a proxy in front of it may answer too, and says 502 or 503."""
    parts = urlsplit(url)
    base = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    try:
        async with HttpClient(base_url=base, timeout=5, connect_timeout=2, retries=0) as http:
            return (await http.request("GET", "/health")).ok
    except ServiceKitError:
        return False
