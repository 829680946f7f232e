"""The kit beside bare fastmcp: what a call costs, how long a start takes, how much memory a server holds."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from agent_contracts import Grant
from service_kit.keys import write_keys
from service_kit.tokens import Signer

from bench.environments import FOLDER, ROOT, python_of
from bench.processes import BenchError, Client, Server, serving
from bench.stdio import started
from bench.table import Line

CALLS = 400
ROUNDS = 7
STARTS = 7
REPOSITORY = "octocat/hello-world"
MEMORY_MB = 120.0
HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "read_note", "arguments": {"repository": REPOSITORY, "text": "hello " * 40}},
}
BASE = {"PATH": os.defpath, "LANG": "C.UTF-8"}


def lines(folder: Path) -> list[Line]:
    """Measure; `folder` is for keys and logs."""
    python = python_of("fastmcp")
    return [_calls(folder, python), *_starts(folder, python)]


def _calls(folder: Path, python: Path) -> Line:
    """Take CPU per call on /mcp in turns: ours with a cached task token, grant, refs, metrics and a log line a call."""
    write_keys(folder / "key.json", folder / "jwks.json")
    token = Signer(folder / "key.json").task_token(
        task=uuid4(),
        attempt=1,
        tenant="default",
        vendor="github",
        audience=["github-mcp", "github-api"],
        grant=Grant(tools=["read_note"], resources={"repositories": [REPOSITORY]}),
        lifetime_seconds=3600,
    )
    env = BASE | {
        "AGENT_JWKS_FILE": str(folder / "jwks.json"),
        "AGENT_REF_KEY": "ab" * 32,
        "MCP_CALLS_PER_MINUTE": "1000000",
        "PYTHONPATH": f"{ROOT / 'tests'}",
    }
    ours_argv = [sys.executable, "-m", "bench.ours", "--transport", "http", "--port"]
    peer_argv = [str(python), str(FOLDER / "fastmcp" / "server.py")]
    with (
        serving(lambda port: [*ours_argv, str(port)], env, folder / "ours.log") as ours,
        serving(lambda port: [*peer_argv, str(port)], BASE, folder / "peer.log") as peer,
    ):
        with_token = HEADERS | {"authorization": f"Bearer {token}"}
        if b"ref: " not in _reply(ours, with_token) or b"ref: " in _reply(peer, HEADERS):
            raise BenchError("the policy is not on, or the peer has it too")
        rounds = [(_cpu_us(ours, with_token), _cpu_us(peer, HEADERS)) for _ in range(ROUNDS + 1)][1:]
    return Line("MCP: CPU per call on /mcp", [one for one, _ in rounds], [one for _, one in rounds], "us", 1.25)


def _reply(server: Server, headers: Mapping[str, str]) -> bytes:
    client = Client(server)
    try:
        return client.ask("POST", "/mcp", headers, CALL)
    finally:
        client.close()


def _cpu_us(server: Server, headers: Mapping[str, str]) -> float:
    client = Client(server)
    try:
        before = server.cpu_seconds()
        for _ in range(CALLS):
            client.ask("POST", "/mcp", headers, CALL)
        return (server.cpu_seconds() - before) / CALLS * 1e6
    finally:
        client.close()


def _starts(folder: Path, python: Path) -> list[Line]:
    """Take start to first tools/list over stdio in turns with importing fastmcp's server; then look at the memory."""
    importing = [str(python), "-c", "from fastmcp import FastMCP; FastMCP('bench')"]
    rounds = []
    memory = []
    for _ in range(STARTS + 1):
        seconds, megabytes = _first_list(folder)
        began = time.perf_counter()
        subprocess.run(importing, env=BASE, check=True)
        rounds.append((seconds, time.perf_counter() - began))
        memory.append(megabytes)
    ours, peer = zip(*rounds[1:], strict=True)
    return [
        Line("MCP: start to first tools/list, over importing fastmcp", ours, peer, "s", 1.3),
        Line("MCP: memory after it, of the limit", [statistics.median(memory)], [MEMORY_MB], "MB", 1.0),
    ]


def _first_list(folder: Path) -> tuple[float, float]:
    """Start github-mcp over stdio, ask for its tools, and give how long that took and how much memory it holds."""
    command = str(Path(sys.executable).parent / "github-mcp")
    began = time.perf_counter()
    with started([command], BASE, folder / "stdio.log") as client:
        tools = client.ask("tools/list")["tools"]
        took = time.perf_counter() - began
        if len(tools) < 5:
            raise BenchError(f"tools/list gave {tools}")
        return took, client.memory_mb()
