"""The way to the vendor: requests built anew from checked calls; nothing is repeated, no redirect followed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter
from service_kit.errors import ReplyTooLarge, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from service_kit.http import HttpClient, Reply
from service_kit.json_text import Json
from service_kit.log import get_logger
from service_kit.untrusted_text import clean_line

from api_kit import body, query
from api_kit.breaker import OPEN, Breaker, BreakerConfig, BreakerPermit
from api_kit.cache import CACHE_HEADER, Cache, Key, matches, renewed
from api_kit.clock import boottime
from api_kit.concurrency_limits import Claim, ConcurrencyLimits
from api_kit.errors import Refusal
from api_kit.routes import Call, Fetch
from api_kit.vendor import EVERYTHING as EVERYTHING
from api_kit.vendor import Credential as Credential
from api_kit.vendor import Pause as Pause
from api_kit.vendor import Vendor as Vendor

NOT_THERE = frozenset({404, 410})
MOST_TOLD_BYTES = 300
UNSENT = frozenset({OPEN, "upstream_late", "upstream_unreachable", "rate", "vendor_rate"})
"""The reasons for which nothing was sent."""


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
        now: Callable[[], float] = boottime,
    ) -> None:
        self._http = http
        self._now = now
        self._seconds = seconds
        self._vendor = vendor
        self._slots = slots or ConcurrencyLimits()
        self.cache = cache or Cache()
        self._breaker = Breaker(strain, opened=self._count_opened)
        parts = urlsplit(base_url)
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
    ) -> AsyncIterator["UpstreamSession"]:
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

    async def send(self, call: Call, credential: Credential) -> Reply:
        """Send a call in a turn of its own, of no tenant and no caller.

        Raises:
            Refusal: as `turn` and `Turn.send`.
        """
        async with self.turn(credential) as turn:
            return await turn.send(call)

    def fetch(self, credential: Credential) -> Fetch:
        """Give a way to read paths that our own code built, each in a turn of its own."""

        async def fetch(path: str) -> Json:
            async with self.turn(credential) as turn:
                return await turn.fetch(path)

        return fetch

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
        self, method: str, path: str, headers: dict[str, str], content: bytes | None, turn: "UpstreamSession"
    ) -> Reply:
        """Send one request of a turn, and note how it went; the vendor's refusals are replies like any other.

        Raises:
            Refusal: `upstream_late`, `upstream_unreachable`, `upstream_timeout`, `upstream_broken`, `reply_too_large`.
        """
        vendor, credential = self._vendor, turn.credential
        every = {"accept-encoding": "identity", **vendor.headers, **headers, **credential.headers}
        left = turn.until - self._now()
        if left <= 0:
            raise Refusal("upstream_late", f"the time for {vendor.name} was over before this was sent")
        try:
            async with asyncio.timeout(left):
                reply = await self._http.request(method, path, content=content, headers=every, raw=True)
        except UpstreamUnreachable as error:
            turn.passage.failed(outage=True)
            raise Refusal("upstream_unreachable", f"{vendor.name} cannot be reached: {error}") from error
        except (UpstreamTimeout, TimeoutError) as error:
            turn.passage.failed()
            raise Refusal("upstream_timeout", f"{vendor.name} did not answer in time") from error
        except ReplyTooLarge as error:
            turn.passage.succeeded()
            raise Refusal("reply_too_large", str(error)) from error
        except UpstreamError as error:
            turn.passage.failed()
            raise Refusal("upstream_broken", f"{vendor.name}: {error}") from error
        if reply.headers.get("content-encoding", "identity").strip().lower() != "identity":
            turn.passage.failed()
            raise Refusal("upstream_broken", f"{vendor.name}'s reply has a content encoding that was not asked for")
        if not 200 <= reply.status < 600:
            turn.passage.failed()
            raise Refusal("upstream_broken", f"{vendor.name} answered {reply.status}, which is no status of a reply")
        if CACHE_HEADER in reply.headers:
            del reply.headers[CACHE_HEADER]
        return reply

    def count_cached(self, outcome: str) -> None:
        """Count a read that could be kept."""
        self._cached.labels(self._vendor.name, outcome).inc()

    def _count_opened(self, credential: str, own: bool) -> None:
        self._circuits.labels(self._vendor.name, "caller" if own else "credential").inc()
        get_logger(__name__).warning("circuit_opened", vendor=self._vendor.name, credential=credential, own=own)


@dataclass
class UpstreamSession:
    """One caller's requests to the vendor, one after the other, within one time."""

    upstream: Upstream
    credential: Credential
    tenant: str | None
    passage: BreakerPermit
    until: float
    _read: dict[Key, Reply] = field(default_factory=dict)

    async def send(self, call: Call) -> Reply:
        """Send a call and give the whole reply, whatever its status, with its bytes as they came.

        Where an earlier reply was kept, the vendor is asked whether it still holds, and then it is the reply.

        Raises:
            Refusal: `upstream_late`, `upstream_unreachable`, `upstream_timeout`, `upstream_broken`, `reply_too_large`.
        """
        path = call.route.template.build(call.path) + query.build(call.query)
        key = self._key(call, path)
        kept = self.upstream.cache.find(key) if key else None
        conditions = {"if-none-match": kept.headers["etag"]} if kept else call.conditions or {}
        headers, content = {"accept": call.accept, **conditions}, None
        if call.body is not None:
            content = body.build(call.body)
            headers["content-type"] = "application/json"
        reply = await self.upstream.exchange(call.route.method, path, headers, content, self)
        self._judge(call, reply)
        if key is None:
            return reply
        if kept is not None and reply.status == 304:
            self.upstream.count_cached("revalidated")
            self._read[key] = kept
            asked = (call.conditions or {}).get("if-none-match")
            return reply if asked and matches(asked, kept.headers["etag"]) else renewed(kept, reply)
        if reply.status == 200:
            self.upstream.count_cached("changed" if kept else "new")
            self._read[key] = reply
        return reply

    async def fetch(self, path: str) -> Json:
        """Read a path that our own code built; None where the vendor says that it is not there (404, 410).

        Raises:
            Refusal: as `send`; `upstream_refused`: the vendor answered anything else, with its words in the message.
        """
        reply = await self.upstream.exchange("GET", path, {"accept": "application/json"}, None, self)
        if reply.status < 500:
            self.passage.succeeded()
        else:
            self.passage.failed()
        if reply.status in NOT_THERE:
            return None
        if not reply.ok:
            told = clean_line(reply.body[:MOST_TOLD_BYTES].decode("utf-8", "replace"))
            raise Refusal("upstream_refused", f"{self.upstream._vendor.name} answered {reply.status} to a look: {told}")
        return document_of(reply)

    def keep(self) -> None:
        """Keep what was read: it was found good."""
        for key, reply in self._read.items():
            self.upstream.cache.keep(key, reply)

    def forget(self) -> None:
        """Drop what was read: it was refused."""
        for key in self._read:
            self.upstream.cache.drop(key)

    def _key(self, call: Call, path: str) -> Key | None:
        """Name what a reply would be kept as; None where it is not, or where the caller's condition is not ours."""
        route = call.route
        foreign = set(call.conditions or {}) - {"if-none-match"} or (call.conditions or {}).get("if-none-match") == "*"
        if self.tenant is None or route.writes or route.method != "GET" or not route.cache or foreign:
            return None
        return Key(self.tenant, self.credential.name, route.name, path, call.accept)

    def _judge(self, call: Call, reply: Reply) -> None:
        """Note how the vendor fares; a page in place of the JSON that was asked for is no reply."""
        page = reply.ok and reply.body and "json" in call.accept and call.accept not in call.route.opaque
        if page and not is_json(reply):
            self.passage.failed()
            kind = reply.headers.get("content-type", "no content type")[:100]
            raise Refusal("upstream_broken", f"JSON was asked for and {kind!r} came, which cannot be checked")
        if reply.status < 500:
            self.passage.succeeded()
        else:
            self.passage.failed()


def is_json(reply: Reply) -> bool:
    """Say whether a reply claims to be JSON."""
    media = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return bool(media == "application/json" or media.endswith("+json"))


def document_of(reply: Reply) -> Json:
    """Parse a JSON reply; None when it is something else.

    Raises:
        Refusal: `upstream_broken`: it claims to be JSON, and cannot be read as such.
    """
    if not is_json(reply) or not reply.body:
        return None
    try:
        return cast(Json, json.loads(reply.body))
    except (ValueError, RecursionError):
        raise Refusal("upstream_broken", "the vendor's reply is not the JSON that it claims to be") from None
