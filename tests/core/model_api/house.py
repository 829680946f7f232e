"""A model-api over HTTP, with the stand-in behind it, a real database and a task that runs."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import agent_ledger
import anthropic
import asyncpg
import httpx
from agent_contracts import Budget, Task
from agent_effects import Spend, spent
from fixtures.serving import serving
from model_api.app import build
from model_api.dialect import Dialect
from model_api.settings import ModelSettings
from service_kit.access import Door
from service_kit.keys import write_keys
from service_kit.settings import load
from service_kit.tokens import Signer
from stand_ins.model import app as stand_in

UPSTREAM_KEY = "sk-ant-api03-" + "a" * 40
MODEL = "claude-sonnet-5-5"
OTHER_MODEL = "claude-haiku-5-5"
SKILL = agent_ledger.SkillRow(name="sample", version="1", engine="claude", model=MODEL, max_attempts=20)
BUDGET = Budget(usd="1", tokens=1_000_000)
VERSION = {"anthropic-version": "2023-06-01"}


@dataclass(frozen=True)
class Run:
    """An attempt of a task that holds its lease."""

    task: UUID
    attempt: int


@dataclass(frozen=True)
class House:
    """A model-api, and what stands around it."""

    url: str
    upstream: httpx.AsyncClient
    http: httpx.AsyncClient
    pool: asyncpg.Pool
    signer: Signer
    run: Run

    def token(
        self,
        *,
        task: UUID | None = None,
        attempt: int | None = None,
        models: Sequence[str] = (MODEL,),
        budget: Budget = BUDGET,
        skill: str = "sample",
        lifetime: float = 300,
    ) -> str:
        """Sign a model token as the engine does, for the run unless told otherwise."""
        return self.signer.model_token(
            task=task or self.run.task,
            attempt=self.run.attempt if attempt is None else attempt,
            tenant="default",
            models=models,
            budget=budget,
            skill=skill,
            lifetime_seconds=lifetime,
        )

    def client(self, token: str | None = None) -> anthropic.AsyncAnthropic:
        """Make an ordinary client of the vendor's, which repeats nothing."""
        return anthropic.AsyncAnthropic(api_key=token or self.token(), base_url=self.url, max_retries=0)

    async def post(
        self,
        body: dict[str, Any] | bytes,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        path: str = "/v1/messages",
    ) -> httpx.Response:
        """Send a raw request."""
        given = {"x-api-key": token or self.token(), **VERSION, "content-type": "application/json", **(headers or {})}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.post(path, content=content, headers=given)

    async def upstream_seen(self, path: str = "/v1/messages") -> list[dict[str, Any]]:
        """Give what the vendor was asked."""
        requests: list[dict[str, Any]] = (await self.upstream.get("/_stand-in/requests")).json()
        return [request for request in requests if request["path"] == path]

    async def put(self, name: str, scenario: dict[str, Any]) -> None:
        """Add a scenario to the stand-in."""
        (await self.upstream.put(f"/_stand-in/scenarios/{name}", json=scenario)).raise_for_status()

    async def paid(self, requests: int = 1) -> Spend:
        """Give what the run's task has spent, once so many requests are settled and none is open."""
        async with asyncio.timeout(30):
            while (spend := await spent(self.pool, self.run.task)).requests < requests or spend.open:
                await asyncio.sleep(0.01)
        return spend

    async def metric(self, name: str, **labels: str) -> float:
        """Read a figure of /metrics."""
        lines = [line for line in (await self.http.get("/metrics")).text.splitlines() if line.startswith(name + "{")]
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if all(label in line for label in wanted))


def ask(text: str, **more: Any) -> dict[str, Any]:
    """Make the body of a request, which is also the arguments of the client."""
    return {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": text}], **more}


def environment(folder: Path, database_url: str, upstream_url: str, **more: str) -> dict[str, str]:
    """Make the environment of a model-api."""
    return {
        "AGENT_JWKS_FILE": str(folder / "jwks.json"),
        "DATABASE_URL": database_url,
        "MODEL_UPSTREAM_URL": upstream_url,
        "MODEL_UPSTREAM_KEY": UPSTREAM_KEY,
        "MODELS": f"{MODEL},{OTHER_MODEL}",
        **more,
    }


@asynccontextmanager
async def house(
    folder: Path,
    database_url: str,
    pool: asyncpg.Pool,
    *,
    upstream_url: str | None = None,
    dialect: Dialect | None = None,
    **more: str,
) -> AsyncIterator[House]:
    """Open a house; `more` are variables, `upstream_url` another vendor than the stand-in, `dialect` its API."""
    write_keys(folder / "signing.json", folder / "jwks.json")
    run = await started(pool)
    async with serving(stand_in.build(key=UPSTREAM_KEY)) as vendor_url:
        settings = load(ModelSettings, environment(folder, database_url, upstream_url or vendor_url, **more))
        async with (
            serving(build(settings, pool=pool, dialect=dialect)) as url,
            httpx.AsyncClient(verify=False, base_url=vendor_url) as upstream,
            httpx.AsyncClient(verify=False, base_url=url, timeout=120) as http,
        ):
            yield House(url, upstream, http, pool, Signer(folder / "signing.json"), run)


async def started(pool: asyncpg.Pool) -> Run:
    """Submit a task and claim it."""
    await agent_ledger.register_skills(pool, [SKILL])
    await agent_ledger.submit(pool, Task(skill="sample", input=str(uuid4())), door=Door(name="cli", skills=["*"]))
    claim = await agent_ledger.claim(
        pool, worker="w", lease_seconds=60, pools=["default"], engines=["claude"], skills={"sample": "1"}
    )
    assert claim is not None
    assert claim.task.id is not None
    return Run(claim.task.id, claim.attempt)
