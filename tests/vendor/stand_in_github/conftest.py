"""A stand-in GitHub in this process, and a client with its token."""

from collections.abc import AsyncIterator

import httpx
import pytest
from core.stand_ins.conftest import receiver
from stand_ins.github.app import StandInApp, build

__all__ = ["client", "github", "receiver"]
TOKEN = "a-token"


@pytest.fixture
async def github() -> AsyncIterator[StandInApp]:
    """A fresh stand-in without a hook."""
    app = build(tokens={TOKEN: "agent-bot"})
    yield app
    await app.stand_in.deliveries.aclose()


@pytest.fixture
async def client(github: StandInApp) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the stand-in's token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    transport = httpx.ASGITransport(github)
    async with httpx.AsyncClient(transport=transport, base_url="http://github.test", headers=headers) as made:
        yield made
