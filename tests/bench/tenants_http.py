"""What two tenants share over HTTP: model-api, control and its event streams, and github-api."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from agent_contracts import Budget, Grant

from bench.environments import ROOT
from bench.processes import BenchError, Client, Server, serving
from bench.tenants import BASE, BIN, LOAD_SECONDS, REPOSITORY, RESOURCES, Subject, Tenant, Tenants, median_ms

CONNECTIONS = 8
STREAMS = 120
"""So many event streams does the loud tenant ask for at once, and again for each that is refused or ends."""
MODEL = "claude-sonnet-5-5"
JSON = {"content-type": "application/json"}
COMMENTS = f"/repos/{REPOSITORY}/issues/1/comments"
BRACKETS = b'{"model": "claude-sonnet-5-5", "max_tokens": 1, "messages": [' + b"[]," * 3_300_000 + b"1]}"
TASK = b'{"skill": "triage", "input": {"all": [' + b"[]," * 349_000 + b"1]}}"
COMMENT = json.dumps({"body": "!" * 65_000}).encode()
"""What the loud tenant sends: 9.9 MB and 1 MiB of brackets, and a comment of exclamation marks."""


@dataclass(frozen=True)
class Load:
    """What the loud tenant sends, over so many connections; each connection has one of the headers."""

    method: str
    path: str
    headers: Sequence[Mapping[str, str]]
    body: bytes = b""
    connections: int = CONNECTIONS


def subjects(tenants: Tenants, stack: ExitStack) -> list[Subject]:
    """Start the servers, which the stack ends, and give what is measured of each."""

    def served(name: str, argv: list[str], more: Mapping[str, str]) -> Server:
        log = tenants.folder / f"{name}.log"
        return stack.enter_context(serving(lambda port: [*argv, str(port)], tenants.env | dict(more), log))

    github = served("github", [sys.executable, "-m", "bench.upstream"], {"PYTHONPATH": str(ROOT / "tests")})
    model = served("model", [str(BIN / "stand-in-model"), "--port"], {})
    model_api = served(
        "model-api",
        [str(BIN / "model-api"), "--port"],
        {"MODEL_UPSTREAM_URL": model.url, "MODEL_UPSTREAM_KEY": "key", "MODELS": MODEL},
    )
    control = served("control", [str(BIN / "control-api"), "--port"], {})
    upstream = {"GITHUB_UPSTREAM_URL": github.url, "GITHUB_UPSTREAM_TOKEN": "t", "GITHUB_UPSTREAM_LIMITED": "false"}
    github_api = served("github-api", [str(BIN / "github-api"), "--port"], upstream)

    def subject(name: str, server: Server, headers: Mapping[str, str], asked: Any, want: int, load: Load) -> Subject:
        quiet = partial(_answered_ms, server, load.path, headers, asked, want)
        return Subject(name, quiet, partial(_loaded, tenants.folder / f"{name}.body", server, load))

    quiet, loud = tenants.quiet, tenants.loud
    message = {"model": MODEL, "max_tokens": 10, "messages": [{"role": "user", "content": "SCENARIO:text"}]}
    task, comment = {"skill": "triage", "input": "x"}, {"body": "Seen."}
    of_model = {tenant.name: _model_headers(tenants, tenant) for tenant in (quiet, loud)}
    of_github = {tenant.name: _github_headers(tenants, tenant) for tenant in (quiet, loud)}
    messages = Load("POST", "/v1/messages", [of_model["loud"]], BRACKETS)
    made = Load("POST", "/v1/tasks", [_door_headers(loud.doors[0])], TASK)
    comments = Load("POST", COMMENTS, [of_github["loud"]], COMMENT)
    events = Load("GET", _events(loud), [_door_headers(door) for door in loud.doors], connections=STREAMS)
    first = partial(_first_event_ms, control, _events(quiet), _door_headers(quiet.doors[0]))
    return [
        subject("model-api", model_api, of_model["quiet"], message, 200, messages),
        subject("control", control, _door_headers(quiet.doors[0]), task, 202, made),
        subject("github-api", github_api, of_github["quiet"], comment, 201, comments),
        Subject("event streams", first, partial(_loaded, tenants.folder / "events.body", control, events)),
    ]


def _model_headers(tenants: Tenants, tenant: Tenant) -> dict[str, str]:
    token = tenants.signer.model_token(
        task=tenant.task,
        attempt=tenant.attempt,
        tenant=tenant.name,
        models=[MODEL],
        budget=Budget(usd="100"),
        lifetime_seconds=3600,
    )
    return JSON | {"x-api-key": token, "anthropic-version": "2023-06-01"}


def _github_headers(tenants: Tenants, tenant: Tenant) -> dict[str, str]:
    token = tenants.signer.task_token(
        task=tenant.task,
        attempt=tenant.attempt,
        tenant=tenant.name,
        vendor="github",
        audience=["github-mcp", "github-api"],
        grant=Grant(tools=["add_issue_comment"], resources=RESOURCES, mode="write"),
        lifetime_seconds=3600,
    )
    shown = {"authorization": f"Bearer {tenants.service}", "x-task-token": token, "x-agent-tool": "add_issue_comment"}
    return JSON | shown | {"accept": "application/vnd.github+json"}


def _door_headers(door: str) -> dict[str, str]:
    return JSON | {"authorization": f"Bearer {door}"}


def _events(tenant: Tenant) -> str:
    return f"/v1/tasks/{tenant.task}/events"


def _answered_ms(server: Server, path: str, headers: Mapping[str, str], asked: Any, want: int) -> float:
    """Give the median time until a request is answered, over one connection."""
    client = Client(server)

    def once() -> float:
        sent = {**headers, "idempotency-key": str(time.monotonic_ns())}
        began = time.perf_counter()
        client.ask("POST", path, sent, asked, want=want)
        return time.perf_counter() - began

    try:
        return median_ms(once)
    finally:
        client.close()


def _first_event_ms(server: Server, path: str, headers: Mapping[str, str]) -> float:
    """Give the median time until a stream that is opened anew brings its first event."""

    def once() -> float:
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        try:
            connection.request("GET", path, headers=dict(headers))
            reply = connection.getresponse()
            if reply.status != 200 or not reply.readline().startswith(b"id: "):
                raise BenchError(f"GET {path} answered {reply.status}, without an event")
            return time.perf_counter() - began
        finally:
            connection.close()

    return median_ms(once)


@contextmanager
def _loaded(file: Path, server: Server, load: Load) -> Iterator[None]:
    file.write_bytes(load.body)
    script = [sys.executable, str(Path(__file__).parent / "loud.py")]
    headers = json.dumps([dict(one) for one in load.headers])
    given = [load.method, str(server.port), load.path, headers, str(file), str(load.connections)]
    process = subprocess.Popen([*script, *given], env=BASE, preexec_fn=lambda: os.nice(10) and None)
    try:
        time.sleep(LOAD_SECONDS)
        yield
    finally:
        process.kill()
        process.wait()
