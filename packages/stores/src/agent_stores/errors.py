"""What can go wrong with the stores; the operator acts, and the message names the remedy."""

import errno
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
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(disk_full(folder))
    return StoreError(
        f"{error.filename or folder} cannot be used ({error.strerror or error}): give {folder} to this user "
        "(chown -R), or choose another folder with --dir or STORES_DIR."
    )


def disk_full(folder: Path) -> str:
    """Return what to say when the disk under a folder is full."""
    return f"the disk that holds {folder} is full: free some space, or choose another folder with --dir or STORES_DIR."
