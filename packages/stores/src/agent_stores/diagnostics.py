"""Turns what a server wrote before it died into one message that says what to do."""

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from agent_stores.errors import StoreError

if TYPE_CHECKING:
    from agent_stores.server import Server


def explain_exit(server: "Server", said: str) -> str:
    """Say why a server did not start, or ended, from what it said."""
    lower = said.lower()
    if any(sign in lower for sign in ("no space left on device", "disk quota exceeded")):
        return _full(server.folder)
    if "address already in use" in lower:
        return port_taken(server)
    if "permission denied" in lower and any(sign in lower for sign in ("could not bind", "bind:")):
        return port_needs_rights(server)
    if any(sign in lower for sign in ("permission denied", "wrong ownership", "read-only file system")):
        return (
            f"{server.name} cannot read or write {server.folder}: give it to this user (chown -R), "
            "or choose another folder with --dir or STORES_DIR."
        )
    lines = [line for line in said.splitlines() if line.strip()]
    last = " | ".join(lines[-3:]) or "it said nothing"
    return f"{server.name} ended: {last} (its log is {server.log})"


def folder_error(folder: Path, error: OSError) -> StoreError:
    """Say what the operating system refused in our folder."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(_full(folder))
    if isinstance(error, FileExistsError | NotADirectoryError):
        return StoreError(f"{error.filename or folder} is no folder: choose another with --dir or STORES_DIR.")
    where = error.filename or folder
    return StoreError(
        f"{where} cannot be used ({error.strerror or error}): give {folder} to this user (chown -R), "
        "or choose another folder with --dir or STORES_DIR."
    )


def port_taken(server: "Server") -> str:
    """Say that somebody else listens on a server's port."""
    return (
        f"port {server.port} for {server.name} is taken by another program: "
        f"stop that, or choose another port with {server.port_setting}."
    )


def port_needs_rights(server: "Server") -> str:
    """Say that a server may not listen on its port."""
    return f"port {server.port} for {server.name} needs more rights: choose one above 1023 with {server.port_setting}."


def _full(folder: Path) -> str:
    return f"the disk that holds {folder} is full: free some space, or choose another folder with --dir or STORES_DIR."
