"""What can go wrong with the stores; the operator acts, and the message names the remedy."""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from service_kit.errors import ConfigError


class StoreError(ConfigError):
    """PostgreSQL or Redis cannot be reached, started or used as it is."""


class ServerEnded(StoreError):
    """An embedded server ended by itself while it was in use."""


def without_password(url: str) -> str:
    """Return a store's address without its password, for messages and logs."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{host}"))


def folder_error(folder: Path, error: OSError) -> StoreError:
    """Return an error that says what the operating system refused in the stores' folder."""
    return StoreError(unusable(error.filename or str(folder), error.strerror or str(error)))


def unusable(place: str, why: str) -> str:
    """Say that a file or folder cannot be used, and what to do about its disk and its owner."""
    return (
        f"{place} cannot be used ({why}): free space on its disk if that is full, give it to this user (chown -R), "
        "or choose another folder with --dir or STORES_DIR."
    )
