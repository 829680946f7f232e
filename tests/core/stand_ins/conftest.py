"""A receiver of webhooks, served."""

from collections.abc import AsyncIterator

import pytest
from core.stand_ins.receiver import Receiver
from fixtures.serving import serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A server that keeps what is posted to it."""
    kept = Receiver()

    async def take(request: Request) -> Response:
        kept.got.append((dict(request.headers), await request.body()))
        return PlainTextResponse("taken", status_code=kept.status)

    async with serving(Starlette(routes=[Route("/hook", take, methods=["POST"])])) as url:
        kept.url = f"{url}/hook"
        yield kept
