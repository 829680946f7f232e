"""One embedded server, whichever it is: started as a child, found again by its data folder, stopped without loss."""

import asyncio
import contextlib
import logging
import signal
import socket
import time
from abc import ABC, abstractmethod
from asyncio.subprocess import Process
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil

from agent_stores.errors import StoreError, folder_error, unusable
from agent_stores.run_as import Account

log = logging.getLogger(__name__)
READY_SECONDS = 60
STOP_SECONDS = 30
LOG_BYTES = 10_000_000
UNUSABLE = (
    "no space left on device",
    "disk quota exceeded",
    "permission denied",
    "wrong ownership",
    "read-only file system",
)
"""What a server says when it cannot use its folder."""


def port_refusal(port: int) -> str | None:
    """Return why this user cannot listen on a port of 127.0.0.1; None where that can be done."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror or str(error)
    return None


@dataclass(frozen=True)
class Server(ABC):
    """One server in one folder.

    Attributes:
        folder: its data folder, which is its working directory too.
        throwaway: for tests: fast, and lost when the machine stops.
        port_setting: the flag and variable that change the port.
        pid_name: the file in its data folder whose first line is its process id.
        stop_signal: what ends it quickly and without loss.
    """

    folder: Path
    log: Path
    port: int
    password: str
    account: Account
    throwaway: bool = False
    name: ClassVar[str]
    port_setting: ClassVar[str]
    pid_name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    @property
    @abstractmethod
    def url(self) -> str:
        """Its address, password included."""

    @abstractmethod
    async def prepare(self) -> None:
        """Make or check its data folder."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return its command line."""

    @abstractmethod
    async def ready(self) -> bool:
        """Return whether it answers; raise StoreError when it never will."""

    def process(self) -> psutil.Process | None:
        """Return the process that serves this data folder, or None; a reused id of another program is None."""
        try:
            found = psutil.Process(int((self.folder / self.pid_name).read_text().split("\n", 1)[0]))
        except (OSError, ValueError, psutil.Error):
            return None
        return found if self._works_here(found) else None

    def _works_here(self, process: psutil.Process) -> bool:
        try:
            return process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()).samefile(self.folder)
        except (OSError, psutil.Error):
            return False

    async def start(self) -> Process:
        """Start the server as a child of this process and wait until it answers.

        `clear` must have been called: two servers in one folder would destroy it.

        Raises:
            StoreError: it did not start; says why and what to do.
        """
        try:
            await self.prepare()
            if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))
            with self.log.open("ab") as output:
                seen = output.tell()
                process = await self.account.spawn(self.command(), output=output, folder=self.folder)
        except OSError as error:
            raise folder_error(self.folder, error) from error
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not await self.ready():
                    if process.returncode is not None:
                        raise StoreError(self.why_ended(self.log.read_bytes()[seen:]))
                    await asyncio.sleep(0.01)
        except TimeoutError:
            await self.end(process)
            raise StoreError(f"{self.name} did not answer within {READY_SECONDS} s; its log is {self.log}.") from None
        except BaseException:
            await self.end(process)
            raise
        return process

    async def clear(self) -> None:
        """Stop what a killed run left in this very folder, and remove a stale pid file.

        Raises:
            StoreError: something still works in the folder and does not end.
        """
        if not (self.folder / self.pid_name).exists():
            return
        if await self.stop():
            log.warning("stopped %s, left by a run that was killed", self.name)
        # What a killed server leaves behind may still write: nobody else may start before it has gone.
        end = time.monotonic() + STOP_SECONDS
        while left := [one.pid for one in psutil.process_iter() if self._works_here(one)]:
            if time.monotonic() > end:
                raise StoreError(f"processes {left} still work in {self.folder}: end them (kill), then start again.")
            await asyncio.sleep(0.02)
        (self.folder / self.pid_name).unlink(missing_ok=True)

    def check_port(self) -> None:
        """Raise StoreError where the server cannot have its port."""
        if why := port_refusal(self.port):
            raise StoreError(
                f"port {self.port} for {self.name} cannot be used ({why}): "
                f"stop what uses it, or choose another port with {self.port_setting}."
            )

    async def stop(self) -> bool:
        """Stop whatever serves this data folder, without loss; say whether there was something. Raises StoreError."""
        process = self.process()
        if process is None:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(self.stop_signal)
        for _ in range(STOP_SECONDS * 50):
            if self.process() != process:
                return True
            await asyncio.sleep(0.02)
        raise StoreError(f"{self.name} (pid {process.pid}) did not stop within {STOP_SECONDS} s; see {self.log}.")

    async def end(self, process: Process) -> None:
        """Stop a server that is this process's child, and take its exit status."""
        waiting = asyncio.create_task(process.wait())
        try:
            async with asyncio.timeout(STOP_SECONDS):
                # Again and again: a server that is only just starting has no pid file yet.
                while not waiting.done():
                    await self.stop()
                    await asyncio.wait({waiting}, timeout=0.1)
        finally:
            if not waiting.done():
                process.kill()
                await waiting

    def why_ended(self, said: bytes) -> str:
        """Say why the server did not start, or ended, and what to do, from what it said."""
        text = said.decode(errors="replace")
        for sign in UNUSABLE:
            if sign in text.lower():
                return unusable(str(self.folder), sign)
        lines = [line for line in text.splitlines() if line.strip()]
        last = " | ".join(lines[-3:]) or "it said nothing"
        return f"{self.name} ended: {last} (its log is {self.log})"
