"""Several requests for one of a caller: to the vendor, and to side hosts to which the vendor's replies point.

A side host gets no credential. It is asked only by a URL that a reply to the same caller's request named, and only if
the vendor's list has it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service_kit.http import Reply
from service_kit.text_ends import HEADER, Room

from api_kit.classify import Classified, document_of
from api_kit.egress_filter import strings
from api_kit.errors import Refusal
from api_kit.routes import Answered, Call

if TYPE_CHECKING:
    from api_kit.upstream_session import UpstreamSession

REDIRECTS = frozenset({301, 302, 303, 307, 308})


class SideExchange:
    """The requests that one request of a caller takes. `sent` says whether the vendor answered one of them."""

    def __init__(self, session: "UpstreamSession") -> None:
        self._session = session
        self._told: set[str] = set()
        self.sent = False

    async def ask(self, call: Call) -> Answered:
        """Send a call to the vendor; its route need not be in the table."""
        answered = await self._session.send_plain(call)
        self.sent = True
        self._told.update(strings(document_of(answered.reply)))
        self._told.add(answered.reply.headers.get("location", ""))
        return answered

    def is_vendors(self, url: str) -> bool:
        """Say whether a URL is one of the vendor's own API."""
        return self._session.upstream.path_of(url) is not None

    async def side(
        self,
        url: str,
        *,
        method: str = "GET",
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        room: Room | None = None,
    ) -> Reply:
        """Send a request to a side host, and return status, content type and body of its reply.

        With `room` only the ends of a longer body are kept, and a header tells so.

        Raises:
            Refusal: `redirect`: no reply named the URL, or its host is not listed; `upstream_refused`: it was refused.
        """
        upstream = self._session.upstream
        if url not in self._told or not _is_listed(url, upstream.vendor.side_hosts, upstream.scheme):
            raise upstream.misdirects("points to a host that is not listed", url, setting="the list of other hosts")
        reply = await upstream.exchange(method, url, dict(headers or {}), content, self._session, aside=True, room=room)
        if not reply.ok:
            raise Refusal("upstream_refused", f"a side host of {upstream.vendor.name} answered {reply.status}")
        made = Reply.made(reply.status, reply.body, reply.headers.get("content-type", "application/octet-stream"))
        if room and HEADER in reply.headers:
            made.headers[HEADER] = reply.headers[HEADER]
        return made


async def download(call: Call, exchange: SideExchange) -> Answered:
    """Send a read; where the vendor redirects it to a side host, return what is there. A route's `send`.

    A redirect to the vendor itself is returned: the gateway follows it as it does for other reads.
    """
    return await _download(call, exchange, None)


def download_ends(room: Room) -> Callable[[Call, SideExchange], Awaitable[Answered]]:
    """Return a `send` as `download`, which keeps only the ends of a long text."""

    async def send(call: Call, exchange: SideExchange) -> Answered:
        return await _download(call, exchange, room)

    return send


async def _download(call: Call, exchange: SideExchange, room: Room | None) -> Answered:
    answered = await exchange.ask(call)
    location = answered.reply.headers.get("location", "")
    if answered.reply.status not in REDIRECTS or exchange.is_vendors(location):
        return answered
    return Answered(await exchange.side(location, room=room), Classified("done"))


def _is_listed(url: str, hosts: frozenset[str], scheme: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("https", scheme) or "@" in parts.netloc:
        return False
    host = (parts.hostname or "") + (f":{port}" if port else "")
    return host in hosts or any(host.endswith(listed[1:]) for listed in hosts if listed.startswith("*."))
