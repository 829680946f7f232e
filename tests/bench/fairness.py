"""Two tenants: how long a quiet one waits while a loud one sends what is dear to read, beside its own time alone."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from agent_contracts import Budget, Grant
from agent_effects import migrations as effects
from agent_ledger import migrations as ledger
from agent_stores.migrate import migrate
from agent_stores.pool import open_pool
from control_api.migrations import OWNERS
from fixtures.gateway import running_task
from service_kit.bearer import new_token, token_hash
from service_kit.keys import write_keys
from service_kit.tokens import Signer

from bench.environments import ROOT
from bench.gateway import Stores, open_stores
from bench.processes import Client, Server, p50_ms, serving
from bench.table import Line

ROUNDS = 3
REQUESTS = 30
CONNECTIONS = 8
LOAD_SECONDS = 3.0
"""How long the load runs before its effect is measured: what it may send at once is used up then."""
GOAL = 3.0
REPOSITORY = "octocat/hello-world"
MODEL = "claude-sonnet-5-5"
BIN = Path(sys.executable).parent
BASE = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
JSON = {"content-type": "application/json"}
COMMENTS = f"/repos/{REPOSITORY}/issues/1/comments"
LOADS = {
    "model-api": b'{"model": "claude-sonnet-5-5", "max_tokens": 1, "messages": [' + b"[]," * 3_300_000 + b"1]}",
    "control": b'{"skill": "triage", "input": {"all": [' + b"[]," * 349_000 + b"1]}}",
    "github-api": json.dumps({"body": "!" * 65_000}).encode(),
}
"""What the loud tenant sends: 9.9 MB and 1 MiB of brackets, and a comment of exclamation marks."""


@dataclass(frozen=True)
class Tenant:
    """A tenant's running task and its tokens."""

    name: str
    task: UUID
    attempt: int
    door: str


@dataclass(frozen=True)
class Subject:
    """A server, and what each tenant sends to it."""

    name: str
    server: Server
    path: str
    quiet: dict[str, str]
    asked: dict[str, Any]
    want: int
    loud: dict[str, str]


def lines(folder: Path) -> list[Line]:
    """Measure each server; `folder` is for keys, logs and the stores."""
    with open_stores(folder) as stores, ExitStack() as stack:
        quiet, loud = asyncio.run(_prepare(stores))
        subjects = _subjects(folder, stores, quiet, loud, stack)
        return [_measured(folder, subject) for subject in subjects]


async def _prepare(stores: Stores) -> list[Tenant]:
    for owner in (*OWNERS, ledger, effects):
        await migrate(stores.database_url, schema=owner.SCHEMA, versions=owner.VERSIONS)
    async with await open_pool(stores.database_url, size=2, application="bench") as pool:
        tenants = [
            Tenant(name, *await running_task(pool, tenant=name), new_token("door")) for name in ("quiet", "loud")
        ]
        await pool.execute("update ledger.tasks set lease_until = now() + interval '1 hour'")
    return tenants


def _subjects(folder: Path, stores: Stores, quiet: Tenant, loud: Tenant, stack: ExitStack) -> list[Subject]:
    write_keys(folder / "key.json", folder / "jwks.json")
    signer, service = Signer(folder / "key.json"), new_token("service")
    bound = {"resources": {"repositories": [REPOSITORY]}, "mode": "write"}
    access = {
        "tenants": {tenant.name: {"vendors": {"github": bound}} for tenant in (quiet, loud)},
        "services": {"github-mcp": {"token_sha256": [token_hash(service)]}},
        "http": {
            tenant.name: {"tenant": tenant.name, "skills": ["*"], "token_sha256": [token_hash(tenant.door)]}
            for tenant in (quiet, loud)
        },
    }
    (folder / "access.yaml").write_text(json.dumps(access))
    env = BASE | {
        "ACCESS_FILE": str(folder / "access.yaml"),
        "AGENT_JWKS_FILE": str(folder / "jwks.json"),
        "DATABASE_URL": stores.database_url,
        "REDIS_URL": stores.redis_url,
    }

    def served(name: str, argv: list[str], more: Mapping[str, str]) -> Server:
        log = folder / f"{name}.log"
        return stack.enter_context(serving(lambda port: [*argv, str(port)], env | dict(more), log))

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

    def model_headers(tenant: Tenant) -> dict[str, str]:
        token = signer.model_token(
            task=tenant.task,
            attempt=tenant.attempt,
            tenant=tenant.name,
            models=[MODEL],
            budget=Budget(usd="100"),
            lifetime_seconds=3600,
        )
        return JSON | {"x-api-key": token, "anthropic-version": "2023-06-01"}

    def github_headers(tenant: Tenant) -> dict[str, str]:
        token = signer.task_token(
            task=tenant.task,
            attempt=tenant.attempt,
            tenant=tenant.name,
            vendor="github",
            audience=["github-mcp", "github-api"],
            grant=Grant(tools=["add_issue_comment"], resources=bound["resources"], mode="write"),
            lifetime_seconds=3600,
        )
        shown = {"authorization": f"Bearer {service}", "x-task-token": token, "x-agent-tool": "add_issue_comment"}
        return JSON | shown | {"accept": "application/vnd.github+json"}

    def door_headers(tenant: Tenant) -> dict[str, str]:
        return JSON | {"authorization": f"Bearer {tenant.door}"}

    message = {"model": MODEL, "max_tokens": 10, "messages": [{"role": "user", "content": "SCENARIO:text"}]}
    task, comment = {"skill": "triage", "input": "x"}, {"body": "Seen."}
    return [
        Subject("model-api", model_api, "/v1/messages", model_headers(quiet), message, 200, model_headers(loud)),
        Subject("control", control, "/v1/tasks", door_headers(quiet), task, 202, door_headers(loud)),
        Subject("github-api", github_api, COMMENTS, github_headers(quiet), comment, 201, github_headers(loud)),
    ]


def _measured(folder: Path, subject: Subject) -> Line:
    """Take the quiet tenant's time in turns: alone, and beside the load."""
    rounds = []
    for _ in range(ROUNDS + 1):
        alone = _quiet_ms(subject)
        with _load(folder, subject):
            time.sleep(LOAD_SECONDS)
            rounds.append((_quiet_ms(subject), alone))
    beside, alone_ms = zip(*rounds[1:], strict=True)
    return Line(f"{subject.name}: a quiet tenant's p50 beside a loud one, over alone", beside, alone_ms, "ms", GOAL)


def _quiet_ms(subject: Subject) -> float:
    client = Client(subject.server)
    took = []
    try:
        for _ in range(REQUESTS):
            time.sleep(0.1)  # within its own share
            sent = subject.quiet | {"idempotency-key": str(time.monotonic_ns())}
            took.append(p50_ms(partial(client.ask, "POST", subject.path, sent, subject.asked, want=subject.want), 1))
    finally:
        client.close()
    return statistics.median(took)


@contextmanager
def _load(folder: Path, subject: Subject) -> Iterator[None]:
    body = folder / f"{subject.name}.body"
    body.write_bytes(LOADS[subject.name])
    script = [sys.executable, str(Path(__file__).parent / "loud.py")]
    given = [str(subject.server.port), subject.path, json.dumps(subject.loud), str(body), str(CONNECTIONS)]
    process = subprocess.Popen([*script, *given], env=BASE, preexec_fn=lambda: os.nice(10) and None)
    try:
        yield
    finally:
        process.kill()
        process.wait()
