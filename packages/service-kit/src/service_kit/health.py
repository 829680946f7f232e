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
    readiness = Readiness(checks)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "service": service, "version": version})

    async def ready(_: Request) -> Response:
        failures = await readiness.failures()
        report = {name: failures.get(name, "ok") for name in checks}
        status: dict[str, Any] = {"status": "not ready" if failures else "ready", "service": service, "checks": report}
        told = {name: redact(text) for name, warn in (warnings or {}).items() if (text := warn())}
        if told:
            status["warnings"] = told
        return JSONResponse(status, status_code=503 if failures else 200)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return [Route("/health", health), Route("/ready", ready), Route("/metrics", metrics)]


class Readiness:
    """Asks dependencies whether they are ready, and remembers the answer for a moment."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._failures: dict[str, str] = {}
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def failures(self) -> dict[str, str]:
        """Return the message of each dependency that is not ready."""
        async with self._lock:
            if time.monotonic() - self._asked_at >= READY_CACHE_SECONDS:
                messages = await asyncio.gather(*(self._ask(check) for check in self._checks.values()))
                self._failures = {name: text for name, text in zip(self._checks, messages, strict=True) if text}
                self._asked_at = time.monotonic()
            return self._failures

    async def _ask(self, check: Check) -> str | None:
        try:
            async with asyncio.timeout(CHECK_LIMIT_SECONDS):
                await check()
        except TimeoutError:
            return f"no answer within {CHECK_LIMIT_SECONDS:.0f} s"
        except Exception as error:
            return redact(str(error) or type(error).__name__)
        return None
