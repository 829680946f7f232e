"""How and from where callers reached a process behind a proxy, as a trusted proxy tells it. Pure."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from starlette.datastructures import Headers
from starlette.types import Scope

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
PREFIX = "agent_bot.prefix"
"""The key in a request's scope that holds what a trusted proxy took off the front of its path."""
PEER = "agent_bot.peer"
"""The key that holds the address from which a trusted proxy was asked."""
PLAIN_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")


def networks(addresses: Sequence[str]) -> tuple[Network, ...]:
    """Read addresses and networks, such as `10.0.0.7` and `172.16.0.0/12`.

    Raises:
        ValueError: one is neither; says which.
    """
    return tuple(ipaddress.ip_network(address) for address in addresses)


def prefix_of(scope: Scope) -> str:
    """Return what stands before this process's own paths where callers ask for them; mostly nothing."""
    prefix: str = scope.get(PREFIX, "")
    return prefix


def peer_of(scope: Scope) -> str:
    """Return from where a request came, to count by it: an IPv4 address, or the /64 network of an IPv6 address."""
    told: str = scope.get(PEER) or (scope.get("client") or ("",))[0]
    address = _address(told)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address or told)


def forwarded(scope: Scope, trusted: Sequence[Network]) -> Scope:
    """Return a request's scope with the scheme, Host, prefix and peer that a trusted proxy tells.

    The first three are X-Forwarded-Proto, X-Forwarded-Host and X-Forwarded-Prefix. One that is given twice, or as a
    list, is not taken: a caller may have sent its first part. The peer is the last address of X-Forwarded-For that is
    no trusted proxy's.
    """
    if not trusted or not _is_among((scope.get("client") or ("",))[0], trusted):
        return scope
    headers = Headers(scope=scope)
    told: dict[str, Any] = {}
    if (scheme := _single(headers, "x-forwarded-proto").lower()) in ("http", "https"):
        told["scheme"] = scheme
    if host := _single(headers, "x-forwarded-host"):
        told["headers"] = [(b"host", host.encode("latin-1")), *(one for one in scope["headers"] if one[0] != b"host")]
    if PLAIN_PREFIX.fullmatch(prefix := _single(headers, "x-forwarded-prefix").rstrip("/")):
        told[PREFIX] = prefix
    for hop in reversed(",".join(headers.getlist("x-forwarded-for")).split(",")):
        if _address(hop.strip()) is None:
            break
        told[PEER] = hop.strip()
        if not _is_among(hop.strip(), trusted):
            break
    return {**scope, **told}


def _single(headers: Headers, name: str) -> str:
    values = headers.getlist(name)
    return values[0].strip() if len(values) == 1 and "," not in values[0] else ""


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # a socket's path, or nothing
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_among(text: str, trusted: Sequence[Network]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in trusted)
