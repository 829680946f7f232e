"""How callers addressed a process behind a proxy: scheme, host and path prefix, as a trusted proxy tells them. Pure."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from starlette.datastructures import Headers
from starlette.types import Scope

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
PREFIX = "agent_bot.prefix"
"""The key in a request's scope that holds what a trusted proxy took off the front of its path."""
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


def forwarded(scope: Scope, trusted: Sequence[Network]) -> Scope:
    """Return a request's scope with the scheme, Host and prefix that a trusted proxy tells.

    They are X-Forwarded-Proto, X-Forwarded-Host and X-Forwarded-Prefix. One that is given twice, or as a list, is not
    taken: a caller may have sent its first part.
    """
    if not trusted or not _is_among(scope.get("client"), trusted):
        return scope
    headers = Headers(scope=scope)
    told: dict[str, Any] = {}
    if (scheme := _single(headers, "x-forwarded-proto").lower()) in ("http", "https"):
        told["scheme"] = scheme
    if host := _single(headers, "x-forwarded-host"):
        told["headers"] = [(b"host", host.encode("latin-1")), *(one for one in scope["headers"] if one[0] != b"host")]
    if PLAIN_PREFIX.fullmatch(prefix := _single(headers, "x-forwarded-prefix").rstrip("/")):
        told[PREFIX] = prefix
    return {**scope, **told}


def _single(headers: Headers, name: str) -> str:
    values = headers.getlist(name)
    return values[0].strip() if len(values) == 1 and "," not in values[0] else ""


def _is_among(client: tuple[str, int] | None, trusted: Sequence[Network]) -> bool:
    try:
        address = ipaddress.ip_address(client[0] if client else "")
    except ValueError:  # a socket's path, or nothing
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in trusted)
