"""The way to the vendor. Requests are built anew from checked calls; none is repeated, and no redirect is followed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter
from service_kit.boottime import boottime
from service_kit.errors import ReplyTooLarge, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from service_kit.http import HttpClient, Reply
from service_kit.log import get_logger
from service_kit.rate_limit import RateLimiter
from service_kit.text_ends import HEADER, Room, read_ends

from api_kit.breaker import Breaker, BreakerConfig
from api_kit.cache import CACHE_HEADER, Cache
from api_kit.concurrency_limits import ConcurrencyLimits, Holder
from api_kit.errors import Refusal
from api_kit.upstream_session import UpstreamSession
from api_kit.vendor import Credential, UpstreamVendor


class Upstream:
    """Sends checked calls to one base URL, whose path is put before ours.

    `http` repeats nothing, and has more connections than there are slots. All requests of a session may take `seconds`.
    The clock `now` goes on while this process is stopped, so that it sends nothing long after it was asked.
    """

    def __init__(
        self,
        http: HttpClient,
        *,
        base_url: str,
        vendor: UpstreamVendor,
        seconds: float = 20.0,
        slots: ConcurrencyLimits | None = None,
        breaker: BreakerConfig | None = None,
        registry: CollectorRegistry | None = None,
        limiter: RateLimiter | None = None,
        now: Callable[[], float] = boottime,
    ) -> None:
        self._http = http
        self.limiter = limiter or RateLimiter()
        self._now = now
        self._seconds = seconds
        self.vendor = vendor
        self._slots = slots or ConcurrencyLimits()
        self.cache = Cache()
        self._breaker = Breaker(breaker, opened=self._count_opened)
        self.address = base_url
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
    async def session(
        self, credential: Credential, *, tenant: str | None = None, caller: str | None = None
    ) -> AsyncIterator[UpstreamSession]:
        """Open a session for a caller: it has a slot among the requests under way, and no circuit is open.

        Where the credential ends soon, it is renewed first, within the session's time.

        Replies that were read are cached when the session ends well, and dropped from the cache when it does not.
        Without a tenant none are cached. Without a caller only the credential's slots and failures are counted.

        Raises:
            Refusal: `upstream_open`, `rate` or `vendor_rate`: nothing was sent; a circuit is open, or no slot is left.
                Any reason of a request: the credential cannot be renewed, and nothing else was sent.
        """
        holder = Holder(credential.name, tenant, caller)
        await self._slots.take(holder)
        try:
            permit = self._breaker.enter(credential.name, caller)
            session = UpstreamSession(self, credential, tenant, permit, self._now() + self._seconds)
            try:
                await session.open()
                yield session
            except BaseException:
                session.forget()
                raise
            else:
                session.keep()
            finally:
                permit.leave()
        finally:
            self._slots.release(holder)

    def path_of(self, url: str) -> tuple[str, str] | None:
        """Return path and query of a URL below the base URL; None for a URL that leads elsewhere."""
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

    def misdirects(self, told: str, url: str, *, setting: str | None = None) -> Refusal:
        """Return the refusal of a redirect, or of a URL to ask, that leads to nothing that this gateway asks.

        It names the vendor's address, and the setting where the operator looks: unless told otherwise the address's
        own. The host to which `url` leads is logged alone.
        """
        try:
            host = urlsplit(url).netloc.rpartition("@")[2]
        except ValueError:
            host = ""
        get_logger(__name__).warning("misdirected", vendor=self.vendor.name, address=self.address, to=host)
        setting = setting or f"{self.vendor.name.upper()}_UPSTREAM_URL"
        remedy = f"Tell the operator to look at {setting} of this gateway, and at its log, which names the other host."
        return Refusal("redirect", f"{self.vendor.name} at {self.address} {told}", remedy=remedy)

    async def exchange(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        content: bytes | None,
        session: UpstreamSession,
        *,
        aside: bool = False,
        room: Room | None = None,
    ) -> Reply:
        """Send one request of a session, and tell the circuits how it went; a refusal of the vendor's is a reply too.

        `path` is below the base URL. A request `aside` goes to a side host: its path is the whole URL, and it takes
        neither the vendor's headers nor the credential, and says nothing of how the vendor fares. With `room` only the
        ends of a longer body are kept, which one of the reply's headers tells.

        Raises:
            Refusal: `upstream_late`, `upstream_unreachable`, `upstream_timeout`, `upstream_broken`, `reply_too_large`.
        """
        vendor = self.vendor
        opening = {} if aside else session.opening.headers
        every = {"accept-encoding": "identity", **({} if aside else vendor.headers), **headers, **opening}

        def failed(*, outage: bool = False) -> None:
            if not aside:
                session.permit.failed(outage=outage)

        left = session.until - self._now()
        if left <= 0:
            raise Refusal("upstream_late", f"the time for {vendor.name} was over before this was sent")
        try:
            async with asyncio.timeout(left):
                reply = await self._receive(method, vendor.places.get(path, path), content, every, room)
        except UpstreamUnreachable as error:
            failed(outage=True)
            get_logger(__name__).warning("upstream_unreachable", vendor=vendor.name, reason=str(error))
            raise Refusal("upstream_unreachable", f"{vendor.name} cannot be reached: {error.cause}") from error
        except (UpstreamTimeout, TimeoutError) as error:
            failed()
            raise Refusal("upstream_timeout", f"{vendor.name} did not answer in time") from error
        except ReplyTooLarge as error:
            if not aside:
                session.permit.succeeded()
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

    async def _receive(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str], room: Room | None
    ) -> Reply:
        if room is None:
            return await self._http.request(method, path, content=content, headers=headers, raw=True)
        async with self._http.stream(method, path, content=content, headers=headers) as reply:
            kept = await read_ends(reply.chunks, room)
            reply.headers.pop(HEADER, None)
            reply.headers.update(kept.headers)
            return Reply(reply.status, reply.headers, kept.head + kept.tail)

    def count_cached(self, outcome: str) -> None:
        """Count a read that could be kept."""
        self._cached.labels(self.vendor.name, outcome).inc()

    def _count_opened(self, credential: str, own: bool) -> None:
        self._circuits.labels(self.vendor.name, "caller" if own else "credential").inc()
        get_logger(__name__).warning("circuit_opened", vendor=self.vendor.name, credential=credential, own=own)
