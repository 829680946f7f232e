"""Replies: the vendor's status, body and headers, byte for byte. Only links to the vendor become the gateway's."""

import re

from service_kit.http import Reply
from starlette.responses import Response

from api_kit.errors import REASON_HEADER, Refusal
from api_kit.table import Table
from api_kit.upstream import Upstream

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
DROPPED = HOP_BY_HOP | {"content-length", "set-cookie"}
"""The length is counted anew, and the vendor's cookies belong to our credential."""

EFFECT_HEADER = "x-agent-effect"
EFFECT_STATE_HEADER = "x-agent-effect-state"
EFFECT_REPEAT_HEADER = "x-agent-effect-repeat"
"""Set to 1 where the same request was known, and its row answers."""
OUTGOING_HEADER = "x-agent-outgoing"
"""What the gateway changed in the text that was written."""
LEFT_OUT_HEADER = "x-agent-left-out"
"""How many rows of a list the gateway left out, as they are not of the grant."""
OURS = frozenset(
    {REASON_HEADER, EFFECT_HEADER, EFFECT_STATE_HEADER, EFFECT_REPEAT_HEADER, OUTGOING_HEADER, LEFT_OUT_HEADER}
)
_LINK = re.compile(r"<([^<>]*)>([^,<]*)(?:,|$)")

_NO_RESULTS = re.compile(r';\s*results="?false"?', re.IGNORECASE)
"""In a link that leads to an empty page. Some vendors send links to both sides with every page of a list."""


def passed_on(reply: Reply, origin: str, path: str, upstream: Upstream, table: Table) -> Response:
    """Return the caller's reply, made of the vendor's; origin and raw path are ours as the caller wrote them."""
    named = {token.strip().lower() for token in reply.headers.get("connection", "").split(",")}
    response = Response(reply.body, reply.status)
    for raw_name, raw_value in reply.headers.raw:
        name = raw_name.decode("latin-1").lower()
        if name in DROPPED or name in named or name in OURS:
            continue
        value: str | None = raw_value.decode("latin-1")
        if name == "link":
            value = links(raw_value.decode("latin-1"), origin + path, upstream)
        elif name == "location":
            value = location(raw_value.decode("latin-1"), origin, upstream, table)
        if value:
            response.raw_headers.append((name.encode("latin-1"), value.encode("latin-1")))
    return response


def links(value: str, address: str, upstream: Upstream) -> str:
    """Rewrite a Link header: our origin, the caller's own path, the vendor's query.

    Links to elsewhere are dropped, and those that say themselves that nothing is there (`results="false"`).
    """
    kept: list[str] = []
    for match in _LINK.finditer(value):
        found = upstream.path_of(match[1])
        if found is not None and _NO_RESULTS.search(match[2]) is None:
            query = f"?{found[1]}" if found[1] else ""
            kept.append(f"<{address}{query}>{match[2].rstrip()}")
    return ", ".join(kept)


def location(value: str, origin: str, upstream: Upstream, table: Table) -> str | None:
    """Return a Location with our origin and the vendor's path; None for a path that is not in the table."""
    found = upstream.path_of(value)
    if found is None:
        return None
    try:
        table.match("GET", found[0].encode("latin-1"))
    except (Refusal, UnicodeEncodeError):
        return None
    return origin + found[0] + (f"?{found[1]}" if found[1] else "")
