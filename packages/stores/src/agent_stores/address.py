"""Addresses of stores, as they may be shown: never with the password."""

from urllib.parse import urlsplit, urlunsplit


def shown(url: str) -> str:
    """Return the address without its password, for messages and logs."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{host}"))
