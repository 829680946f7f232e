"""One caller's requests to the vendor: each is built anew from a checked call, and its reply classified and cached."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from service_kit.http import Reply
from service_kit.json_text import Json
from service_kit.untrusted_text import clean_line

from api_kit import body
from api_kit.breaker import BreakerPermit
from api_kit.cache import Key, matches, renewed
from api_kit.classify import Classified, document_of, is_json
from api_kit.errors import UNSENT, Refusal
from api_kit.routes import Answered, Call
from api_kit.side_hosts import SideExchange
from api_kit.vendor import Credential, Opening, Pause

if TYPE_CHECKING:
    from api_kit.upstream import Upstream

MOST_TOLD_BYTES = 300
SHORTEST_PAUSE_SECONDS = 1.0
UNSAID_PAUSE_SECONDS = 30.0


@dataclass
class UpstreamSession:
    """One caller's requests to the vendor, which share one time limit."""

    upstream: "Upstream"
    credential: Credential
    tenant: str | None
    permit: BreakerPermit
    until: float
    opening: Opening = field(default_factory=Opening)
    _read: dict[Key, Reply] = field(default_factory=dict)

    async def open(self) -> None:
        """Take what opens the vendor now; nothing else is sent before.

        Raises:
            Refusal: the credential cannot be renewed.
        """
        self.opening = await self.credential.open(self._ask)

    async def send(self, call: Call) -> Answered:
        """Send a call, by the route's own `send` where it has one.

        Raises:
            Refusal: `upstream_late`, `upstream_unreachable`, `upstream_timeout`, `upstream_broken`, `reply_too_large`.
        """
        if call.route.send is not None:
            exchange = SideExchange(self)
            try:
                return await call.route.send(call, exchange)
            except Refusal as refusal:
                if exchange.sent and refusal.reason in UNSENT:
                    raise Refusal("upstream_broken", f"only a part was sent: {refusal.message}") from refusal
                raise
        return await self.send_plain(call)

    async def send_plain(self, call: Call) -> Answered:
        """Send one request and return the whole reply, whatever its status, its bytes as they came.

        Where an earlier reply is cached, the vendor is asked whether it still holds; if so, the cached one is returned.

        Raises:
            Refusal: as `send`.
        """
        key = self._key(call)
        kept = self.upstream.cache.find(key) if key else None
        conditions = {"if-none-match": kept.headers["etag"]} if kept else call.conditions
        headers, content = {"accept": call.accept, **conditions}, None
        if call.body is not None:
            content, headers["content-type"] = body.encode(call.body, call.route.body)
        reply = await self.upstream.exchange(call.route.method, call.path_and_query, headers, content, self)
        said = await self._classified(call, reply)
        if key is None:
            return Answered(reply, said)
        if kept is not None and reply.status == HTTPStatus.NOT_MODIFIED:
            self.upstream.count_cached("revalidated")
            self._read[key] = kept
            asked = call.conditions.get("if-none-match")
            if asked and matches(asked, kept.headers["etag"]):
                return Answered(reply, said)
            return Answered(renewed(kept, reply), Classified("done"))
        if reply.status == HTTPStatus.OK and said.state == "done":
            self.upstream.count_cached("changed" if kept else "new")
            self._read[key] = reply
        return Answered(reply, said)

    async def fetch(self, path: str, asked: Json = None) -> Json:
        """Read a path that our own code built; None where the vendor says that it is not there. See `Fetch`.

        What the credential knows itself is not asked for.

        Raises:
            Refusal: as `send`; `vendor_rate`: the vendor limits it, and for how long; `upstream_refused`: the vendor
                answered anything else, with its words in the message.
        """
        if path in self.opening.answers:
            return self.opening.answers[path]
        headers, content, method = {"accept": "application/json"}, None, "GET"
        if asked is not None:
            content, headers["content-type"] = body.encode(asked, None)
            method = "POST"
        reply = await self.upstream.exchange(method, path, headers, content, self)
        self._note(reply)
        await self._tell(reply, "core")
        said = self.upstream.vendor.classify(reply)
        if said.state == "limited":
            await self._heed(reply, said, "core")
            told = said.told(self.upstream.vendor.name, reply)
            raise Refusal("vendor_rate", f"{told} to a look", retry_after=said.seconds or UNSAID_PAUSE_SECONDS)
        if said.state == "absent":
            return None
        if said.state != "done":
            words = said.words or reply.body[:MOST_TOLD_BYTES].decode("utf-8", "replace")
            vendor = self.upstream.vendor.name
            raise Refusal("upstream_refused", f"{vendor} answered {reply.status} to a look: {clean_line(words)}")
        return document_of(reply)

    async def fetch_apart(self, path: str, asked: Json = None) -> Json:
        """Read a path as `fetch` does, in a session of its own: the time of this one may be over."""
        async with self.upstream.session(self.credential) as session:
            return await session.fetch(path, asked)

    def keep(self) -> None:
        """Cache the replies of this session: they passed all checks."""
        for key, reply in self._read.items():
            self.upstream.cache.keep(key, reply)

    def forget(self) -> None:
        """Drop the replies of this session from the cache: they were refused."""
        for key in self._read:
            self.upstream.cache.drop(key)

    def _key(self, call: Call) -> Key | None:
        """Return the key under which a reply is cached; None if it is not, or the caller set a condition."""
        route = call.route
        foreign = set(call.conditions) - {"if-none-match"} or call.conditions.get("if-none-match") == "*"
        if self.tenant is None or route.writes or route.method != "GET" or not route.cache or foreign:
            return None
        return Key(self.tenant, self.credential.name, route.name, call.path_and_query, call.accept)

    async def _classified(self, call: Call, reply: Reply) -> Classified:
        """Classify a reply; a page in place of the JSON that was asked for is refused."""
        page = reply.ok and reply.body and "json" in call.accept and call.accept not in call.route.opaque
        if page and not is_json(reply):
            self.permit.failed()
            kind = reply.headers.get("content-type", "no content type")[:100]
            raise Refusal("upstream_broken", f"JSON was asked for and {kind!r} came, which cannot be checked")
        self._note(reply)
        await self._tell(reply, call.route.tier)
        said = (call.route.classify or self.upstream.vendor.classify)(reply)
        await self._heed(reply, said, call.route.tier)
        return said

    async def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> Reply:
        """Send a request without a body, and return the reply, whatever its status."""
        reply = await self.upstream.exchange(method, path, {"accept": "application/json", **headers}, None, self)
        self._note(reply)
        return reply

    def _note(self, reply: Reply) -> None:
        if reply.status == HTTPStatus.UNAUTHORIZED:
            self.credential.drop(self.opening)
        if reply.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self.permit.succeeded()
        else:
            self.permit.failed()

    async def _tell(self, reply: Reply, tier: str) -> None:
        """Tell the limiter what is left of the vendor's limit; a reply of 304 used nothing of it."""
        window = self.upstream.vendor.window(reply, tier)
        if window is not None:
            key, used = f"{self.credential.name}:{window.bucket}", int(reply.status != HTTPStatus.NOT_MODIFIED)
            await self.upstream.limiter.tell(key, window, self.tenant, used)

    async def _heed(self, reply: Reply, said: Classified, tier: str) -> None:
        """Remember the pauses that a reply asks for; a limit without a pause gives one of the route's tier."""
        pauses = self.upstream.vendor.pauses(reply, tier)
        if not pauses and said.state == "limited" and said.seconds != 0:
            unsaid = said.seconds is None
            pauses = [Pause(tier, UNSAID_PAUSE_SECONDS if said.seconds is None else said.seconds, grows=unsaid)]
        for pause in pauses:
            seconds = max(SHORTEST_PAUSE_SECONDS, pause.seconds)
            key = f"{self.credential.name}:{pause.bucket}"
            await self.upstream.limiter.pause(key, seconds, grows=pause.grows)
