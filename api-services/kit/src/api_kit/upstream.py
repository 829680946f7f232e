"""The way to the vendor: requests built anew from checked calls; nothing is repeated, no redirect followed."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter
from service_kit.errors import ReplyTooLarge, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from service_kit.http import HttpClient, Reply
from service_kit.log import get_logger
from service_kit.rate_limit import MemoryRateLimiter, RateLimiter

from api_kit.breaker import Breaker, BreakerConfig
from api_kit.cache import CACHE_HEADER, Cache
from api_kit.concurrency_limits import Claim, ConcurrencyLimits
from api_kit.errors import Refusal
from api_kit.upstream_session import UpstreamSession
from api_kit.vendor import Credential, Vendor


def boottime() -> float:
    """Give seconds that go on while the machine sleeps, where the system counts them, and while the process is stopped.

    An event loop's own time stands still in a sleep, and during each of its steps.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Upstream:
    """Sends checked calls to one base URL.

    Args:
        http: without retries, with more connections than there are slots.
        base_url: where the vendor is; its path, if it has one, is put before ours.
        vendor: whose headers are sent.
        seconds: how long all requests of a turn may take.
        slots: how many turns there are at once.
        cache: what is kept of replies.
        strain: what a circuit bears.
        registry: where the metrics are.
        limiter: remembers the pauses that the vendor asks for.
        now: a clock that goes on while this process does not: what it began before is not sent long after.
    """

    def __init__(
        self,
        http: HttpClient,
        *,
        base_url: str,
        vendor: Vendor,
        seconds: float = 20.0,
        slots: ConcurrencyLimits | None = None,
        cache: Cache | None = None,
        strain: BreakerConfig | None = None,
        registry: CollectorRegistry | None = None,
        limiter: RateLimiter | None = None,
        now: Callable[[], float] = boottime,
    ) -> None:
        self._http = http
        self.limiter: RateLimiter = limiter or MemoryRateLimiter()
        self._now = now
        self._seconds = seconds
        self.vendor = vendor
        self._slots = slots or ConcurrencyLimits()
        self.cache = cache or Cache()
        self._breaker = Breaker(strain, opened=self._count_opened)
        parts = urlsplit(base_url)
        self.scheme = parts.scheme
        self._origin = (parts.scheme, parts.netloc.lower())
        self._prefix = parts.path.rstrip("/")
        registry = registry or CollectorRegistry()
        labels = ("vendor", "outcome")
        self._cached = Counter("gateway_cache", "Reads that could be kept.", labels, registry=registry)
        labels = ("vendor", "whose")
        self._circuits = Counter("gateway_circuits_opened", "Circuits that opened.", labels, registry=registry)

    @asynccontextmanager
    async def turn(
        self, credential: Credential, *, tenant: str | None = None, caller: str | None = None
    ) -> AsyncIterator[UpstreamSession]:
        """Give a caller its turn: a place among those under way, while no circuit is open.

        What was read is kept when the turn ends well, and dropped when it does not.

        Args:
            credential: what is sent.
            tenant: whose reads are kept, and answered from what was kept; without it none are.
            caller: whose places and failures are counted; without it only the credential's are.

        Raises:
            Refusal: nothing was sent: a circuit is open, or there is no place (`rate`, `vendor_rate`).
        """
        claim = Claim(credential.name, tenant, caller)
        await self._slots.take(claim)
        try:
            passage = self._breaker.enter(credential.name, caller)
            turn = UpstreamSession(self, credential, tenant, passage, self._now() + self._seconds)
            try:
                yield turn
            except BaseException:
                turn.forget()
                raise
            else:
                turn.keep()
            finally:
                passage.leave()
        finally:
            self._slots.give_back(claim)

    def path_of(self, url: str) -> tuple[str, str] | None:
        """Give path and query of a URL, below the base URL, if it is of this upstream; None if it leads elsewhere."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        if parts.scheme or parts.netloc:
            if (parts.scheme, parts.netloc.lower()) != self._origin:
                return None
        elif not url.startswith("/"):
            return None
        if not parts.path.startswith(self._prefix + "/"):
            return None
        return parts.path[len(self._prefix) :], parts.query

    async def exchange(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        content: bytes | None,
        turn: UpstreamSession,
        *,
        aside: bool = False,
    ) -> Reply:
        """Send one request of a turn, and note how it went; the vendor's refusals are replies like any other.

        Args:
            method: the method.
            path: below the base URL; of a side host the whole URL.
            headers: of the request.
            content: its body.
            turn: whose time and credential it takes.
            aside: it goes to a side host, which gets neither the vendor's headers nor the credential.

        Raises:
            Refusal: `upstream_late`, `upstream_unreachable`, `upstream_timeout`, `upstream_broken`, `reply_too_large`.
        """
        vendor = self.vendor
        opening = {} if aside else turn.credential.headers
        every = {"accept-encoding": "identity", **({} if aside else vendor.headers), **headers, **opening}

        def failed(*, outage: bool = False) -> None:
            if not aside:  # a side host says nothing of how the vendor fares
                turn.passage.failed(outage=outage)

        left = turn.until - self._now()
        if left <= 0:
            raise Refusal("upstream_late", f"the time for {vendor.name} was over before this was sent")
        try:
            async with asyncio.timeout(left):
                reply = await self._http.request(method, path, content=content, headers=every, raw=True)
        except UpstreamUnreachable as error:
            failed(outage=True)
            raise Refusal("upstream_unreachable", f"{vendor.name} cannot be reached: {error}") from error
        except (UpstreamTimeout, TimeoutError) as error:
            failed()
            raise Refusal("upstream_timeout", f"{vendor.name} did not answer in time") from error
        except ReplyTooLarge as error:
            if not aside:
                turn.passage.succeeded()
            raise Refusal("reply_too_large", str(error)) from error
        except UpstreamError as error:
            failed()
            raise Refusal("upstream_broken", f"{vendor.name}: {error}") from error
        if reply.headers.get("content-encoding", "identity").strip().lower() != "identity":
            failed()
            raise Refusal("upstream_broken", f"{vendor.name}'s reply has a content encoding that was not asked for")
        if not 200 <= reply.status < 600:
            failed()
            raise Refusal("upstream_broken", f"{vendor.name} answered {reply.status}, which is no status of a reply")
        if CACHE_HEADER in reply.headers:
            del reply.headers[CACHE_HEADER]
        return reply

    def count_cached(self, outcome: str) -> None:
        """Count a read that could be kept."""
        self._cached.labels(self.vendor.name, outcome).inc()

    def _count_opened(self, credential: str, own: bool) -> None:
        self._circuits.labels(self.vendor.name, "caller" if own else "credential").inc()
        get_logger(__name__).warning("circuit_opened", vendor=self.vendor.name, credential=credential, own=own)
