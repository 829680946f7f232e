"""github-api with all policy on beside a bare pass-through: what each adds to a read and to a write."""

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from agent_contracts import Grant
from agent_effects import migrations as effects
from agent_ledger import migrations as ledger
from agent_stores.migrate import migrate
from agent_stores.pool import open_pool
from fixtures.gateway import running_task
from service_kit.bearer import new_token, token_hash
from service_kit.keys import write_keys
from service_kit.tokens import Signer

from bench.environments import FOLDER, ROOT, python_of
from bench.processes import BenchError, Client, Server, free_port, p50_ms, serving
from bench.table import Line

REQUESTS = 150
ROUNDS = 7
REPOSITORY = "octocat/hello-world"
ISSUE = f"/repos/{REPOSITORY}/issues/1"
ACCEPT = {"accept": "application/vnd.github+json"}
GRANT = Grant(
    tools=["issue_read", "add_issue_comment"], resources={"repositories": [REPOSITORY]}, mode="write", limits={}
)
BASE = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
SKILL_SECONDS = 3600
numbers = itertools.count(1)


@dataclass(frozen=True)
class Stores:
    """PostgreSQL and Valkey, as a house runs them: on disk, and flushed at each commit."""

    database_url: str
    redis_url: str


def lines(folder: Path) -> list[Line]:
    """Measure; `folder` is for keys, logs and the stores."""
    python = python_of("passthrough")
    with open_stores(folder) as stores:
        task, attempt = asyncio.run(_prepare(stores))
        return _measured(folder, python, stores, task, attempt)


@contextmanager
def open_stores(folder: Path) -> Iterator[Stores]:
    """Run both stores in a folder until the end of the block."""
    program = str(Path(sys.executable).parent / "agent-stores")
    ports = ["--postgres-port", str(free_port()), "--redis-port", str(free_port())]
    where = ["--dir", str(folder / "stores")]
    subprocess.run([program, "start", *where, *ports], capture_output=True, check=True)
    try:
        told = subprocess.run([program, "url", *where], capture_output=True, text=True, check=True).stdout
        found = dict(line.removeprefix("export ").split("=", 1) for line in told.splitlines() if "=" in line)
        yield Stores(found["DATABASE_URL"].strip("'\""), found["REDIS_URL"].strip("'\""))
    finally:
        subprocess.run([program, "stop", *where], capture_output=True, check=False)


async def _prepare(stores: Stores) -> tuple[UUID, int]:
    for owner in (ledger, effects):
        await migrate(stores.database_url, schema=owner.SCHEMA, versions=owner.VERSIONS)
    pool = await open_pool(stores.database_url, size=2, application="bench")
    async with pool:
        task, attempt = await running_task(pool)
        await pool.execute("update ledger.tasks set lease_until = now() + interval '1 hour' where id = $1", task)
        await pool.execute("create table public.bench (id bigserial primary key, document jsonb)")
    return task, attempt


def _measured(folder: Path, python: Path, stores: Stores, task: UUID, attempt: int) -> list[Line]:
    write_keys(folder / "key.json", folder / "jwks.json")
    service = new_token("service")
    bound = {"resources": {"repositories": [REPOSITORY]}, "mode": "write"}
    access = {
        "tenants": {"default": {"vendors": {"github": bound}}},
        "services": {"github-mcp": {"token_sha256": [token_hash(service)]}},
    }
    (folder / "access.yaml").write_text(json.dumps(access))
    token = Signer(folder / "key.json").task_token(
        task=task,
        attempt=attempt,
        tenant="default",
        vendor="github",
        audience=["github-mcp", "github-api"],
        grant=GRANT,
        lifetime_seconds=SKILL_SECONDS,
    )
    upstream_argv = [sys.executable, "-m", "bench.upstream"]
    with serving(
        lambda port: [*upstream_argv, str(port)], BASE | {"PYTHONPATH": str(ROOT / "tests")}, folder / "up.log"
    ) as upstream:
        env = BASE | {
            "ACCESS_FILE": str(folder / "access.yaml"),
            "AGENT_JWKS_FILE": str(folder / "jwks.json"),
            "DATABASE_URL": stores.database_url,
            "REDIS_URL": stores.redis_url,
            "GITHUB_UPSTREAM_URL": upstream.url,
            "GITHUB_UPSTREAM_TOKEN": "vendor",
            "GITHUB_UPSTREAM_LIMITED": "false",
            "RATE_PER_SECOND": "100000",
            "RATE_BURST": "100000",
            "TENANT_RATE_PER_SECOND": "100000",
            "TENANT_RATE_BURST": "100000",
        }
        ours_argv = [str(Path(sys.executable).parent / "github-api"), "--port"]
        peer_argv = [str(python), str(FOLDER / "passthrough" / "app.py")]
        with (
            serving(lambda port: [*ours_argv, str(port)], env, folder / "api.log") as ours,
            serving(lambda port: [*peer_argv, str(port), upstream.url], BASE, folder / "pass.log") as peer,
        ):
            headers = ACCEPT | {"authorization": f"Bearer {service}", "x-task-token": token}
            return _compared(upstream, peer, ours, headers, stores)


def _compared(direct: Server, peer: Server, ours: Server, headers: Mapping[str, str], stores: Stores) -> list[Line]:
    found = []
    commit = asyncio.run(_commit_ms(stores))
    for name, tool, less in (("reads", "issue_read", 0.0), ("writes", "add_issue_comment", 2 * commit)):
        rounds = []
        for _ in range(ROUNDS + 1):
            times = [
                _p50(server, tool, sent)
                for server, sent in ((direct, ACCEPT), (peer, ACCEPT), (ours, {**headers, "x-agent-tool": tool}))
            ]
            rounds.append((times[2] - times[0], times[1] - times[0]))
        ours_ms, peer_ms = zip(*rounds[1:], strict=True)
        if statistics.median(peer_ms) <= 0:
            raise BenchError("the pass-through adds nothing that could be measured: the machine is too busy")
        found.append(Line(f"github-api: added p50 of {name}, over a pass-through", ours_ms, peer_ms, "ms", 1.5, less))
    return found


def _p50(server: Server, tool: str, headers: Mapping[str, str]) -> float:
    client = Client(server)
    sent = {**headers, "content-type": "application/json"}

    def read() -> None:
        client.ask("GET", ISSUE, headers)

    def write() -> None:
        document: dict[str, Any] = {"body": f"Comment {next(numbers)}. " + "It was looked at. " * 20}
        client.ask("POST", f"{ISSUE}/comments", sent, document, want=201)

    try:
        return p50_ms(read if tool == "issue_read" else write, REQUESTS)
    finally:
        client.close()


async def _commit_ms(stores: Stores) -> float:
    """Give what one commit of one row takes from this process."""
    connection = await asyncpg.connect(stores.database_url)
    try:
        took = []
        for _ in range(REQUESTS):
            began = time.perf_counter()
            await connection.execute("insert into public.bench (document) values ($1)", json.dumps({"a": "b" * 400}))
            took.append(time.perf_counter() - began)
        return statistics.median(took) * 1000
    finally:
        await connection.close()
