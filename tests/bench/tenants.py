"""A quiet and a loud tenant with their tokens, doors and files, and how the quiet one's time is taken."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from agent_effects import migrations as effects
from agent_ledger import migrations as ledger
from agent_stores.migrate import migrate
from agent_stores.pool import open_pool
from control_api.migrations import OWNERS
from fixtures.gateway import running_task
from service_kit.bearer import new_token, token_hash
from service_kit.keys import write_keys
from service_kit.tokens import Signer

from bench.gateway import Stores

REQUESTS = 30
PAUSE_SECONDS = 0.1
"""The quiet tenant's pause before each request: it stays within its own share."""
LOAD_SECONDS = 3.0
"""How long the load runs before its effect is measured: what it may send at once is used up then."""
LOUD_DOORS = 5
REPOSITORY = "octocat/hello-world"
RESOURCES = {"repositories": [REPOSITORY]}
BIN = Path(sys.executable).parent
BASE = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


@dataclass(frozen=True)
class Tenant:
    """A tenant's running task, the tokens of its doors at control, and its stream of the inbox."""

    name: str
    task: UUID
    attempt: int
    doors: list[str]

    @property
    def stream(self) -> str:
        """Where its programs add entries."""
        return f"agent:tasks:{self.name}"


@dataclass(frozen=True)
class Tenants:
    """Both tenants, and what the processes under measurement are given."""

    folder: Path
    stores: Stores
    quiet: Tenant
    loud: Tenant
    signer: Signer
    service: str
    env: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Subject:
    """What both tenants use.

    Attributes:
        quiet_ms: gives the quiet tenant's median time.
        load: during the block the loud tenant takes all that it gets.
    """

    name: str
    quiet_ms: Callable[[], float]
    load: Callable[[], AbstractContextManager[None]]


def prepare(folder: Path, stores: Stores) -> Tenants:
    """Migrate the stores, write keys and access.yaml, and start a task of each tenant."""
    quiet, loud = asyncio.run(_running(stores))
    write_keys(folder / "key.json", folder / "jwks.json")
    service = new_token("service")
    access = {
        "tenants": {
            tenant.name: {"vendors": {"github": {"resources": RESOURCES, "mode": "write"}}} for tenant in (quiet, loud)
        },
        "services": {"github-mcp": {"token_sha256": [token_hash(service)]}},
        "http": {
            f"{tenant.name}-{number}": {"tenant": tenant.name, "skills": ["*"], "token_sha256": [token_hash(door)]}
            for tenant in (quiet, loud)
            for number, door in enumerate(tenant.doors)
        },
        "streams": {tenant.stream: {"tenant": tenant.name, "skills": ["*"]} for tenant in (quiet, loud)},
    }
    (folder / "access.yaml").write_text(json.dumps(access))
    env = BASE | {
        "ACCESS_FILE": str(folder / "access.yaml"),
        "AGENT_JWKS_FILE": str(folder / "jwks.json"),
        "DATABASE_URL": stores.database_url,
        "REDIS_URL": stores.redis_url,
    }
    return Tenants(folder, stores, quiet, loud, Signer(folder / "key.json"), service, env)


async def _running(stores: Stores) -> list[Tenant]:
    for owner in (*OWNERS, ledger, effects):
        await migrate(stores.database_url, schema=owner.SCHEMA, versions=owner.VERSIONS)
    async with await open_pool(stores.database_url, size=2, application="bench") as pool:
        tenants = [
            Tenant(name, *await running_task(pool, tenant=name), [new_token("door") for _ in range(doors)])
            for name, doors in (("quiet", 1), ("loud", LOUD_DOORS))
        ]
        await pool.execute("update ledger.tasks set lease_until = now() + interval '1 hour'")
    return tenants


def median_ms(once: Callable[[], float]) -> float:
    """Give the median of what one request of the quiet tenant takes, in milliseconds; `once` gives seconds."""
    took = []
    for _ in range(REQUESTS):
        time.sleep(PAUSE_SECONDS)
        took.append(once())
    return statistics.median(took) * 1000
