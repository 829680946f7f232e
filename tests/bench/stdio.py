"""A plain client of an MCP server over stdio."""

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.processes import BenchError, Server

VERSION = "2025-06-18"
MOST_SECONDS = 300
"""After which a server is killed, so that one that hangs ends the run."""


class Stdio:
    """A running server, one request at a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._asked = 0

    def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """Send a request and return its result.

        Raises:
            BenchError: it ended, or answered with an error.
        """
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params or {}})
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            reply = json.loads(line)
            if reply.get("id") != self._asked:
                continue
            if "result" not in reply:
                raise BenchError(f"{method} {params} was answered with {reply}")
            return reply["result"]
        raise BenchError(f"the server ended at {method} {params}")

    def begin(self) -> None:
        """Shake hands."""
        self.ask(
            "initialize",
            {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": {"name": "bench", "version": "0"}},
        )
        self._send({"method": "notifications/initialized"})

    def memory_mb(self) -> float:
        """Give the server's resident memory."""
        return Server(self._process, 0).memory_mb()

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self._process.stdin.flush()


@contextmanager
def started(argv: Sequence[str], env: Mapping[str, str], log: Path) -> Iterator[Stdio]:
    """Run a server until the end of the block; its hands are shaken when the block begins.

    Args:
        argv: its command.
        env: its whole environment.
        log: where its standard error goes.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(argv, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output)
    with process:
        client, watch = Stdio(process), threading.Timer(MOST_SECONDS, process.kill)
        watch.start()
        try:
            client.begin()
            yield client
        finally:
            watch.cancel()
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
