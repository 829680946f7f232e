"""Clients of the two made-up vendors, each a real server, with the vendor's credential."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fixtures import stand_in_chatter, stand_in_tracker
from fixtures.serving import serving
from fixtures.stand_in_chatter import Chatter
from fixtures.stand_in_tracker import Tracker
from stand_ins.kit.app import StandInApp


@pytest.fixture
async def chatter() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a fresh Chatter."""
    headers = {"Authorization": f"Bearer {stand_in_chatter.TOKEN}"}
    async with serving(StandInApp(Chatter())) as url, httpx.AsyncClient(base_url=url, headers=headers) as client:
        yield client


@pytest.fixture
async def tracker() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a fresh Tracker."""
    auth = (stand_in_tracker.USER, stand_in_tracker.TOKEN)
    async with serving(StandInApp(Tracker())) as url, httpx.AsyncClient(base_url=url, auth=auth) as client:
        yield client
