"""One server's life, whichever it is: started as a child, found again by its data folder, stopped without loss."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from typing import Protocol

from agent_stores.diagnostics import explain_exit, folder_error, port_needs_rights, port_taken
from agent_stores.errors import StoreError
from agent_stores.run_as import Account

log = logging.getLogger(__name__)
READY_SECONDS = 60
STOP_SECONDS = 30
LOG_BYTES = 10_000_000
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
"""All that a server gets of our environment: no secret of ours, and messages that we can read."""


class Server(Protocol):
    """What PostgreSQL and Valkey each say of themselves."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def folder(self) -> Path:
        """Its data folder, which is its working directory too."""

    @property
    def log(self) -> Path:
        """The file that its output is appended to."""

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""

    @property
    def port_setting(self) -> str:
        """The flag and variable that change the port."""

    @property
    def account(self) -> Account:
        """Whom it runs as."""

    @property
    def pid_file(self) -> Path:
        """The file whose first line is its process id."""

    @property
    def stop_signal(self) -> signal.Signals:
        """What ends it quickly and without loss."""

    async def prepare(self) -> None:
        """Make or check its data folder."""

    def command(self) -> list[str]:
        """Return its command line."""

    async def ready(self) -> bool:
        """Return whether it answers; raise StoreError when it never will."""


def running(server: Server) -> int | None:
    """Return the id of the process that serves this data folder, or None; a reused id of another program is None."""
    try:
        pid = int(server.pid_file.read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid if _works_in(pid, server.folder) else None


def _works_in(pid: int, folder: Path) -> bool:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cwd").samefile(folder)
        return False
    shown = subprocess.run(("ps", "-ww", "-p", str(pid), "-o", "command="), capture_output=True, text=True, check=False)  # noqa: S603, S607
    return str(folder) in shown.stdout


async def start(server: Server) -> Process:
    """Start a server as a child of this process and wait until it answers.

    `clear` must have been called: two servers in one folder would destroy it.

    Raises:
        StoreError: it did not start; says why and what to do.
    """
    try:
        await server.prepare()
        if server.log.exists() and server.log.stat().st_size > LOG_BYTES:
            server.log.replace(server.log.with_suffix(".log.1"))
    except OSError as error:
        raise folder_error(server.folder, error) from error
    with server.log.open("ab") as output:
        seen = output.tell()
        process = await asyncio.create_subprocess_exec(
            *server.account.prefix,
            *server.command(),
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
            cwd=server.folder,
            env=ENVIRONMENT,
            start_new_session=True,
            user=server.account.switched,
            group=server.account.switched,
            extra_groups=server.account.groups,
        )
    try:
        async with asyncio.timeout(READY_SECONDS):
            while not await server.ready():
                if process.returncode is not None:
                    raise StoreError(explain_exit(server, _said(server.log, seen)))
                await asyncio.sleep(0.01)
    except TimeoutError:
        await end(server, process)
        raise StoreError(f"{server.name} did not answer within {READY_SECONDS} s; its log is {server.log}.") from None
    except BaseException:
        await end(server, process)
        raise
    return process


async def clear(server: Server) -> None:
    """Deal with what an earlier run left: stop an orphan that serves this very folder, remove a stale pid file.

    Raises:
        StoreError: something still works in the folder and does not end.
    """
    if not server.pid_file.exists():
        return
    orphan = running(server)
    if orphan is not None:
        log.warning("stopping %s (pid %d), left by a run that was killed", server.name, orphan)
        await stop(server)
    # What a killed server leaves behind may still write: nobody else may start before it has gone.
    end = time.monotonic() + STOP_SECONDS
    while left := _workers(server.folder):
        if time.monotonic() > end:
            raise StoreError(f"processes {left} still work in {server.folder}: end them (kill), then start again.")
        await asyncio.sleep(0.02)
    if server.pid_file.exists():
        log.warning("removing the stale pid file %s", server.pid_file)
        server.pid_file.unlink()


def _workers(folder: Path) -> list[int]:
    found = Path("/proc").glob("[0-9]*") if sys.platform == "linux" else ()
    return [int(path.name) for path in found if _works_in(int(path.name), folder)]


def check_port(server: Server) -> None:
    """Check that a server can have its port.

    Raises:
        StoreError: another program has it, or this user may not.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", server.port))
        except PermissionError:
            raise StoreError(port_needs_rights(server)) from None
        except OSError:
            raise StoreError(port_taken(server)) from None


def _said(log: Path, since: int) -> str:
    with log.open("rb") as output:
        output.seek(since)
        return output.read().decode(errors="replace")


async def stop(server: Server) -> bool:
    """Stop whatever serves this data folder, without loss; say whether there was something.

    Raises:
        StoreError: it did not stop.
    """
    pid = running(server)
    if pid is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, server.stop_signal)
    for _ in range(STOP_SECONDS * 50):
        if running(server) != pid:
            return True
        await asyncio.sleep(0.02)
    raise StoreError(f"{server.name} (pid {pid}) did not stop within {STOP_SECONDS} s; its log is {server.log}.")


async def end(server: Server, process: Process) -> None:
    """Stop a server that is this process's child, and take its exit status."""
    waiting = asyncio.create_task(process.wait())
    try:
        async with asyncio.timeout(STOP_SECONDS):
            # Again and again: a server that is only just starting has no pid file yet.
            while not waiting.done():
                await stop(server)
                await asyncio.wait({waiting}, timeout=0.1)
    finally:
        if not waiting.done():
            process.kill()
            await waiting
