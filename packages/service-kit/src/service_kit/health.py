"""`/health`, `/ready` and `/metrics` of every HTTP process here."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service_kit.errors import NotReady, UpstreamUnreachable
from service_kit.log import get_logger
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
    2 seconds, and answers 503 while one fails. A fault that stops nothing, which a function of `warnings` returns while
    it is there, is a warning in the reply. `/metrics` is Prometheus text.

    All three answer anyone, so they hold no text of operators' files, addresses or stores: a check that fails is shown
    by its name and a fixed reason, and its own message is logged once for each change. A warning is shown as it is.
    """
    report: dict[str, str] = {}
    dependencies = [_DependencyCheck(name, check) for name, check in checks.items()]
    asked_at, asking = float("-inf"), asyncio.Lock()

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "service": service, "version": version})

    async def ready(_: Request) -> Response:
        nonlocal asked_at
        async with asking:
            if time.monotonic() - asked_at >= READY_CACHE_SECONDS:
                report.update(zip(checks, await asyncio.gather(*(one.ask() for one in dependencies)), strict=True))
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


@dataclass
class _DependencyCheck:
    """One check of `/ready`; `logged` is what it failed by when it was asked last."""

    name: str
    check: Check
    logged: str = OK

    async def ask(self) -> str:
        """Return `ok`, or for anyone why the check fails; log its own message where that is a new one."""
        shown = told = OK
        try:
            async with asyncio.timeout(CHECK_LIMIT_SECONDS):
                await self.check()
        except TimeoutError:
            shown = told = f"no answer within {CHECK_LIMIT_SECONDS:.0f} s"
        except Exception as error:
            told, shown = _whole_message(error), self._public_reason(error)
        if told not in (OK, self.logged):
            get_logger(__name__).error("check_failed", check=self.name, error=told)
        self.logged = told
        return shown

    def _public_reason(self, error: Exception) -> str:
        if isinstance(error, NotReady):
            return redact(str(error))
        if isinstance(error, UpstreamUnreachable):
            return f"no connection: {error.cause}"
        return "fails: `check_failed` in this process's log says why"


def _whole_message(error: Exception) -> str:
    """Return an error's message, with that of its cause where it is for anyone, and so leaves the cause out."""
    cause = error.__cause__ if isinstance(error, NotReady) else None
    return ": ".join(str(one) or type(one).__name__ for one in (error, cause) if one is not None)
