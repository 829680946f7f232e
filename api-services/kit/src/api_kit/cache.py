"""Replies that a vendor marked with an ETag, kept in this process. Never given out without asking the vendor again."""

import re
from collections import OrderedDict
from dataclasses import dataclass, replace

from service_kit.http import Reply

CACHE_HEADER = "x-agent-cache"
REVALIDATED = "revalidated"
OF_THE_BODY = frozenset(
    {"content-length", "content-type", "content-encoding", "content-range", "content-language", "transfer-encoding"}
)
"""Headers that a 304 may not change: they tell of the body that is kept. Source: RFC 9111, 3.2."""
_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


@dataclass(frozen=True)
class Key:
    """The request that a kept reply answers; another tenant or credential never sees it."""

    tenant: str
    credential: str
    route: str
    path: str
    accept: str


class Cache:
    """Keeps the replies that were used last, within bounds. Bytes are those of bodies and headers."""

    def __init__(self, *, entries: int = 1000, total_bytes: int = 50_000_000, entry_bytes: int = 1_000_000) -> None:
        self._entries = entries
        self._total_bytes = total_bytes
        self._entry_bytes = entry_bytes
        self._replies: OrderedDict[Key, Reply] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._replies)

    def find(self, key: Key) -> Reply | None:
        """Return a kept reply; the vendor must be asked whether it still holds."""
        reply = self._replies.get(key)
        if reply is not None:
            self._replies.move_to_end(key)
        return reply

    def keep(self, key: Key, reply: Reply) -> None:
        """Keep a reply in place of an older one, if it has an ETag and fits."""
        self.drop(key)
        size = _size(key, reply)
        if not worth_keeping(reply) or size > min(self._entry_bytes, self._total_bytes):
            return
        self._replies[key] = reply
        self.bytes += size
        while len(self._replies) > self._entries or self.bytes > self._total_bytes:
            self.drop(next(iter(self._replies)))

    def drop(self, key: Key) -> None:
        """Forget a reply."""
        reply = self._replies.pop(key, None)
        if reply is not None:
            self.bytes -= _size(key, reply)


def worth_keeping(reply: Reply) -> bool:
    """Return whether a reply is whole, has one ETag, and may be kept."""
    kept = "no-store" not in reply.headers.get("cache-control", "").lower()
    return reply.status == 200 and kept and _TAG.fullmatch(reply.headers.get("etag", "")) is not None


def matches(condition: str, tag: str) -> bool:
    """Return whether If-None-Match names an ETag, weakly compared. Source: RFC 9110, 13.1.2."""
    ours = _TAG.fullmatch(tag)
    return condition.strip() == "*" or (ours is not None and ours[1] in _TAG.findall(condition))


def renewed(kept: Reply, confirmed: Reply) -> Reply:
    """Return a kept reply with the headers of the 304 that confirmed it, and a header that says so."""
    headers = kept.headers.copy()
    for name in confirmed.headers:
        if name not in OF_THE_BODY:
            headers[name] = confirmed.headers[name]
    headers[CACHE_HEADER] = REVALIDATED
    return replace(kept, headers=headers)


def _size(key: Key, reply: Reply) -> int:
    text = key.path + key.route + key.accept + key.tenant
    return len(text) + len(reply.body) + sum(len(name) + len(value) for name, value in reply.headers.raw)
