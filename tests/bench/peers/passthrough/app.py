"""A bare pass-through: Starlette in front of httpx, one credential put in, nothing checked."""

import contextlib
import sys
from collections.abc import AsyncIterator

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PASSED = ("content-type", "etag", "link")
client: httpx.AsyncClient


@contextlib.asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    """Open the way to the vendor."""
    global client
    async with httpx.AsyncClient(base_url=sys.argv[2], headers={"authorization": "Bearer vendor"}) as client:
        yield


async def passed(request: Request) -> Response:
    """Send a request on, and its reply back."""
    kind = request.headers.get("content-type")
    reply = await client.request(
        request.method,
        request.url.path,
        params=request.query_params,
        content=await request.body(),
        headers={"accept": request.headers["accept"], **({"content-type": kind} if kind else {})},
    )
    headers = {name: reply.headers[name] for name in PASSED if name in reply.headers}
    return Response(reply.content, reply.status_code, headers)


if __name__ == "__main__":
    app = Starlette(routes=[Route("/{path:path}", passed, methods=["GET", "POST"])], lifespan=lifespan)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), http="h11", log_config=None, access_log=False)
