"""A model stand-in over HTTP, and an ordinary client of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import anthropic
import httpx
import pytest
from fixtures.serving import serving
from stand_ins.model.app import build

KEY = "stand-in-key"


@dataclass(frozen=True)
class Served:
    """Where the stand-in is, and clients of it."""

    url: str
    http: httpx.AsyncClient
    client: anthropic.AsyncAnthropic

    async def put(self, name: str, scenario: str | dict[str, Any]) -> httpx.Response:
        """Add a scenario by the admin interface."""
        content = scenario if isinstance(scenario, str) else None
        json = None if content is not None else scenario
        return await self.http.put(f"/_stand-in/scenarios/{name}", content=content, json=json)

    async def seen(self) -> list[dict[str, Any]]:
        """Give what the stand-in was asked."""
        requests: list[dict[str, Any]] = (await self.http.get("/_stand-in/requests")).json()
        return requests


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """A stand-in with the built-in scenarios."""
    async with (
        serving(build(key=KEY)) as url,
        httpx.AsyncClient(verify=False, base_url=url) as http,
        anthropic.AsyncAnthropic(api_key=KEY, base_url=url, max_retries=0) as client,
    ):
        yield Served(url, http, client)
