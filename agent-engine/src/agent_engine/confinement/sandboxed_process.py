"""A started CLI: its process, the descriptors that the launcher sent, and the outer ends of its loopback ports."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from service_kit.log import get_logger

from agent_engine.confinement.cgroup import Group
from agent_engine.confinement.forward import Forwarder
from agent_engine.confinement.limits import Limits
from agent_engine.confinement.sandbox_paths import Launch, SandboxPaths
from agent_engine.errors import ConfinementError

LAUNCHER = Path(__file__).with_name("launcher.py")
HANDSHAKE_SECONDS = 20.0
GONE_SECONDS = 5.0
MOST_DESCRIPTORS = 64
CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
log = get_logger(__name__)


class SandboxedProcess:
    """A started CLI; it lives until its process ends or `kill` is called.

    Attributes:
        work_folder: a descriptor of its working directory, good until `close`.
        home_folder: a descriptor of its HOME, good until `close`.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        descriptors: Sequence[int],
        paths: SandboxPaths,
        held: str | None,
        group: Group | None,
        own_group: bool,
    ) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self.stdout, self.stderr = process.stdout, process.stderr
        self._process = process
        self._group = group
        self._own_group = own_group
        self.work_folder, self.home_folder, *rest = descriptors
        listeners, pidfds = rest[: len(paths.openings)], rest[len(paths.openings) :]
        self._pidfds = pidfds
        sockets = [socket.socket(fileno=descriptor) for descriptor in listeners]
        openings = zip(sockets, paths.openings.values(), strict=True)
        self._forwarder = Forwarder(openings, held=paths.target(held) if held else None)
        self._ended = asyncio.create_task(self._end())

    async def wait(self) -> int:
        """Wait for its end and give the exit status."""
        return await asyncio.shield(self._ended)

    def terminate(self) -> None:
        """Ask the CLI to end; where it cannot be asked, it is killed."""
        if not self._pidfds:
            self.kill()
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfds[0], signal.SIGTERM)

    def kill(self) -> None:
        """End the CLI and all that it started."""
        if self._process.returncode is None:
            _kill(self._process, self._own_group)

    def release(self) -> None:
        """Let it reach the address that was held; a repeat changes nothing."""
        self._forwarder.release()

    def reached(self) -> tuple[str, ...]:
        """Say which bounds it has come up against, as far as that is counted here; good until `close`."""
        return (*(self._group.reached() if self._group is not None else ()), *self._forwarder.reached())

    async def close(self) -> None:
        """Kill what still runs, then give back sockets and descriptors."""
        self.kill()
        # Pipes that nobody reads any more keep asyncio from seeing the process's end.
        self._process._transport.close()  # type: ignore[attr-defined]
        await self._ended
        if self._group is not None:
            await asyncio.to_thread(self._group.remove)
        await self._forwarder.close()
        for descriptor in (self.work_folder, self.home_folder, *self._pidfds):
            os.close(descriptor)

    async def _end(self) -> int:
        """Wait for the process, then for the last of what it started: killing the namespace takes a moment."""
        if self._own_group and self._pidfds:
            await _gone(self._pidfds[0])
            # What it left holds its pipes, and asyncio waits for those.
            if self._group is not None:
                await asyncio.to_thread(self._group.kill)
            _kill(self._process, self._own_group)
        returncode = await self._process.wait()
        for pidfd in self._pidfds:
            try:
                async with asyncio.timeout(GONE_SECONDS):
                    await _gone(pidfd)
            except TimeoutError:
                log.exception("process_lives", pid=self._process.pid)
        return returncode

    async def serve(self) -> None:
        """Count it in its group, then begin to serve its loopback ports."""
        if self._group is not None:
            await asyncio.to_thread(self._group.enter, _pid_of(self._pidfds[0]))
        self._forwarder.start()


async def start(
    command: Sequence[str],
    *,
    executable: str,
    paths: SandboxPaths,
    launch: Launch,
    inherit: Sequence[int] = (),
    drop: Mapping[str, int] | None,
    own_group: bool = False,
    limits: Limits,
    rlimits: Mapping[str, int],
) -> SandboxedProcess:
    """Start `command` + the control descriptor's number, which is to run `launcher.py`, and let it become the CLI.

    `drop` tells the launcher to become its `uid` before the CLI; None where bubblewrap did that. With `own_group` the
    process leads a group, which is killed with it.

    Raises:
        ConfinementError: it ended, or said nothing, before the CLI was started, or could not be limited.
    """
    ours, theirs = socket.socketpair()
    stdin = sealed(launch.stdin)
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            str(theirs.fileno()),
            executable=executable,
            env={},
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=[theirs.fileno(), *inherit],
            start_new_session=own_group,
        )
    except OSError as error:
        ours.close()
        raise ConfinementError(f"{executable} could not be started: {error}") from error
    finally:
        theirs.close()
        os.close(stdin)
    with ours:
        group = started = None
        try:
            group = limits.group()
            descriptors = await _handshake(ours, _request(paths, launch, drop, rlimits))
            started = SandboxedProcess(process, descriptors, paths, launch.held, group, own_group)
            await started.serve()
            await asyncio.get_running_loop().sock_sendall(ours, b"go\n")
        except BaseException as error:
            _kill(process, own_group)
            ours_to_say = isinstance(error, OSError | TimeoutError | ValueError)
            said = await _last_words(process) if ours_to_say else ""
            if started is not None:
                await started.close()
            elif group is not None:
                await asyncio.to_thread(group.remove)
            if not ours_to_say:
                raise
            raise ConfinementError(f"{Path(executable).name} did not start the CLI: {said or error}") from error
    return started


def sealed(content: bytes) -> int:
    """Give a descriptor to read `content` from. Where the kernel can seal it, nobody can write to it.

    A pipe as stdin would let the agent write further turns into it through /proc.
    """
    if not hasattr(os, "memfd_create"):
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(content)
        return reading
    import fcntl

    descriptor = os.memfd_create("stdin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)
    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def own_python() -> str:
    """Give the path of the Python that runs this process, outside any virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def _kill(process: asyncio.subprocess.Process, own_group: bool) -> None:
    with contextlib.suppress(ProcessLookupError):
        if own_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _request(
    paths: SandboxPaths, launch: Launch, drop: Mapping[str, int] | None, rlimits: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "ports": list(paths.openings),
        "folders": [paths.work, paths.home],
        "program": paths.program,
        "argv": launch.argv,
        "env": dict(launch.env),
        "cwd": paths.work,
        "drop": drop,
        "rlimits": dict(rlimits),
    }


async def _handshake(ours: socket.socket, request: dict[str, Any]) -> list[int]:
    loop = asyncio.get_running_loop()
    ours.setblocking(False)
    async with asyncio.timeout(HANDSHAKE_SECONDS):
        await loop.sock_sendall(ours, json.dumps(request).encode() + b"\n")
        readable = asyncio.Event()
        loop.add_reader(ours, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(ours)
    word, descriptors, _, _ = socket.recv_fds(ours, 16, MOST_DESCRIPTORS, CLOSE_ON_EXEC)
    if word != b"ready" or len(descriptors) < 2 + len(request["ports"]):
        for descriptor in descriptors:
            os.close(descriptor)
        raise ValueError("it ended before it was ready")
    return descriptors


async def _gone(pidfd: int) -> None:
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(pidfd, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(pidfd)


def _pid_of(pidfd: int) -> int:
    """Give a process's number as this process knows it; it knows its own by another one inside."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise ValueError("it ended before it could be limited")


async def _last_words(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    try:
        async with asyncio.timeout(2):
            await process.wait()
            words = await process.stderr.read(4096)
    except TimeoutError:
        return ""
    return words.decode("utf-8", "replace").strip()[-1000:]
