"""Servers under measurement: processes of their own on one core, what they cost, and a plain client on the other."""

import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CORES = sorted(os.sched_getaffinity(0))
THEIRS, OURS = {CORES[-1]}, {CORES[0]}
"""Where servers run, and where this process does."""
START_SECONDS = 30.0


class BenchError(Exception):
    """A figure cannot be taken; says why."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Give the processor time of all its threads so far, by the scheduler's own count in nanoseconds."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def memory_mb(self) -> float:
        """Give its resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


def free_port() -> int:
    """Find a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(argv: Callable[[int], Sequence[str]], env: Mapping[str, str], log: Path) -> Iterator[Server]:
    """Run a server on a free port until the end of the block; it listens when the block begins.

    Args:
        argv: makes the command of the port.
        env: its whole environment.
        log: where its output goes.
    """
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*argv(port)], env=dict(env), stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=_pinned
        )
    try:
        end = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > end:
                raise BenchError(f"{argv(port)[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _pinned() -> None:
    os.sched_setaffinity(0, THEIRS)


class Client:
    """One connection, one request at a time."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], document: Any = None, *, want: int = 200
    ) -> bytes:
        """Send a request and give the reply's body.

        Raises:
            BenchError: another status came.
        """
        body = None if document is None else json.dumps(document).encode()
        self._connection.request(method, path, body, dict(headers))
        reply = self._connection.getresponse()
        content = reply.read()
        if reply.status != want:
            raise BenchError(f"{method} {path} answered {reply.status}: {content[:300]!r}")
        return content

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def p50_ms(ask: Callable[[], object], times: int) -> float:
    """Give the median time of a call."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000
