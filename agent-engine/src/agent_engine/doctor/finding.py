"""What the doctor is told, and what it says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg
from agent_stores.errors import StoreError
from agent_stores.pool import open_pool
from pydantic import SecretStr
from service_kit.checkout import remedy

from agent_engine.settings import EngineNames, RunLimits, ServersInUse, SkillSources

State = Literal["ok", "warning", "bad"]


class DoctorSettings(ServersInUse, EngineNames, SkillSources, RunLimits):
    """A worker's environment, in which everything may be missing: the doctor says what is."""

    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    access_file: Path | None = None
    agent_signing_key_file: Path | None = None
    agent_jwks_file: Path | None = None
    agent_ref_key: SecretStr | None = None
    control_url: str = "http://127.0.0.1:8000"
    model_api_url: str = "http://127.0.0.1:3006"
    worker_folder: Path = Path("var/worker")


@dataclass(frozen=True)
class Finding:
    """What the doctor says of one dependency.

    Attributes:
        state: "warning" where a worker starts without it, or with less.
        remedy: what to do; empty where there is nothing to do.
    """

    name: str
    state: State
    detail: str
    remedy: str = ""


class Unwell(Exception):
    """A dependency that is not as it should be, with the remedy."""

    def __init__(self, detail: str, remedy: str, *, state: State = "bad") -> None:
        super().__init__(detail)
        self.remedy = remedy
        self.state: State = state


def start_remedy(variable: str) -> str:
    """Return what to do where a process does not answer at the address of a variable."""
    start = remedy(checkout="start it (`make up`)", package="start it")
    return f"{start}, or correct {variable}"


def store_remedy() -> str:
    """Return what to do where no address of a store is set."""
    return remedy(
        checkout="`agent-stores url --dir var/stores` prints one; `make init` sets it",
        package="`agent-stores start` starts embedded ones, and `agent-stores url` prints their addresses",
    )


@asynccontextmanager
async def postgresql_pool(settings: DoctorSettings, *, whole: bool = False) -> AsyncIterator[asyncpg.Pool]:
    """Open PostgreSQL for one look. Raises Unwell where there is none: with `whole` it says why."""
    if settings.database_url is None:
        raise Unwell("DATABASE_URL is not set", store_remedy())
    try:
        pool = await open_pool(settings.database_url.get_secret_value(), size=1, application="agent-engine doctor")
    except StoreError as error:
        told = str(error) if whole else "PostgreSQL cannot be used: see above"
        raise Unwell(told, start_remedy("DATABASE_URL") if whole else "") from None
    try:
        yield pool
    finally:
        await pool.close()
