"""A model-api that speaks one of the dialects, before a vendor that answers as the test says."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from conformance.dialects.registry import CASES, Case
from core.model_api.house import House, house
from fixtures.serving import serving
from stand_ins.model.wire import Stream
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass
class Vendor:
    """A vendor with one answer; it notes each body that it was sent, and what was reserved at that moment.

    Attributes:
        reply: a whole reply, or the events of a stream.
        cut: whether the connection breaks after the events.
        status: the status of a whole reply.
    """

    pool: asyncpg.Pool
    reply: dict[str, Any] | list[bytes] = field(default_factory=dict)
    cut: bool = False
    status: int = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)
    reserved: list[int] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        self.bodies.append(await request.json())
        self.reserved.append(await self.pool.fetchval("select count(*) from gateway.spend where state = 'reserved'"))
        if isinstance(self.reply, list):
            return Stream(_chunks(self.reply), cut=self.cut)
        return Response(json.dumps(self.reply), self.status, media_type="application/json")


@dataclass(frozen=True)
class Gateway:
    """A model-api, its dialect and its vendor."""

    case: Case
    vendor: Vendor
    api: House

    async def ask(self, *, output: int = 100, stream: bool = False, **changes: Any) -> httpx.Response:
        """Send a request of the run; `changes` are those of its body."""
        return await self.send(self.case.body(output, stream) | changes)

    async def send(self, body: dict[str, Any] | bytes, **token: Any) -> httpx.Response:
        """Send a body; `token` are the token's claims."""
        signed = self.api.token(models=[self.case.model], **token)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {signed}", "content-type": "application/json", **self.case.headers}
        return await self.api.http.post(self.case.path, content=content, headers=headers)


@pytest.fixture(params=CASES, ids=lambda case: case.name)
async def gateway(
    request: pytest.FixtureRequest, tmp_path: Path, database_url: str, pool: asyncpg.Pool
) -> AsyncIterator[Gateway]:
    """A model-api for each dialect."""
    case: Case = request.param
    vendor = Vendor(pool)
    app = Starlette(routes=[Route(case.path, vendor.answer, methods=["POST"])])
    async with (
        serving(app) as url,
        house(tmp_path, database_url, pool, upstream_url=url, dialect=case.dialect, MODELS=case.model) as api,
    ):
        yield Gateway(case, vendor, api)


async def _chunks(events: list[bytes]) -> AsyncIterator[bytes]:
    for one in events:
        yield one
