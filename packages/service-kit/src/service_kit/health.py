"""`/health`, `/ready` and `/metrics` of every HTTP process here."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service_kit.redact import redact

Check = Callable[[], Awaitable[None]]
Warn = Callable[[], str | None]
OK = "ok"
READY_CACHE_SECONDS = 2.0
CHECK_LIMIT_SECONDS = 3.0


def health_routes(
    *,
    service: str,
    version: str,
    checks: Mapping[str, Check],
    registry: CollectorRegistry,
    warnings: Mapping[str, Warn] | None = None,
) -> list[Route]:
    """Return the three routes.

    `/health` says that the process is alive and touches nothing else. `/ready` asks each dependency, at most every
    2 seconds, and answers 503 with the messages that failing checks raise. A fault that stops nothing, which a function
    of `warnings` returns while it is there, is a warning in the reply. `/metrics` is Prometheus text.
    """
    report: dict[str, str] = {}
    asked_at, asking = float("-inf"), asyncio.Lock()

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "service": service, "version": version})

    async def ready(_: Request) -> Response:
        nonlocal asked_at
        async with asking:
            if time.monotonic() - asked_at >= READY_CACHE_SECONDS:
                report.update(zip(checks, await asyncio.gather(*map(_ask, checks.values())), strict=True))
                asked_at = time.monotonic()
        failed = any(answer != OK for answer in report.values())
        status: dict[str, Any] = {"status": "not ready" if failed else "ready", "service": service, "checks": report}
        told = {name: redact(text) for name, warn in (warnings or {}).items() if (text := warn())}
        if told:
            status["warnings"] = told
        return JSONResponse(status, status_code=503 if failed else 200)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return [Route("/health", health), Route("/ready", ready), Route("/metrics", metrics)]


async def _ask(check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_LIMIT_SECONDS):
            await check()
    except TimeoutError:
        return f"no answer within {CHECK_LIMIT_SECONDS:.0f} s"
    except Exception as error:
        return redact(str(error) or type(error).__name__)
    return OK
