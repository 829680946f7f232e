"""How far the clocks of servers are from PostgreSQL's: what verifies tokens must agree with it."""

import asyncio
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from agent_ledger import Clock
from service_kit.errors import ServiceKitError
from service_kit.http import HttpClient


async def clock_skew(urls: Mapping[str, str], clock: Clock) -> dict[str, float]:
    """Give by how many seconds each server's clock is ahead, to about a second, by the date of its answer.

    Args:
        urls: where the servers are, by name; one that does not answer, or does not date its answer, is left out.
        clock: PostgreSQL's.
    """
    found = await asyncio.gather(*(_ahead(url, clock) for url in urls.values()))
    return {name: seconds for name, seconds in zip(urls, found, strict=True) if seconds is not None}


async def _ahead(url: str, clock: Clock) -> float | None:
    http = HttpClient(base_url=url, timeout=5, connect_timeout=2, retries=0)
    try:
        reply = await http.request("GET", "/health")
        return (parsedate_to_datetime(reply.headers["date"]) - clock.now()).total_seconds()
    except (ServiceKitError, KeyError, ValueError, TypeError):
        return None
    finally:
        await http.aclose()
