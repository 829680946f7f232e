"""Origins of URLs: normalised to scheme, host, and the port unless it is the scheme's default; and loopback. Pure."""

import ipaddress
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str | None:
    """Return a URL's normalised origin; None if it is not an http(s) URL or holds a user name."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    if any(not "!" <= character <= "~" or character == "\\" for character in url):
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host.rstrip('.')}{shown}"


def listed_origin(origin: str) -> str:
    """Return the normalised form of an origin that somebody wrote in a list; ValueError if it is not just an origin."""
    found, parts = origin_of(origin), urlsplit(origin)
    if found is None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"{origin!r} is no origin: write https://host or https://host:port")
    return found


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this machine's loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
