"""Two model-api processes share every budget, and settle for one another when one is killed."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from agent_contracts import Budget
from agent_effects import spent
from core.model_api.house import MODEL, House, ask, environment, house
from fixtures.ports import free_ports
from genai_prices import Usage, calc_price

LITTLE = {"input_tokens": 20, "output_tokens": 5}


@dataclass(frozen=True)
class Instance:
    """A model-api process, seen as a house of its own."""

    process: asyncio.subprocess.Process
    api: House


@asynccontextmanager
async def instance(folder: Path, database_url: str, api: House) -> AsyncIterator[Instance]:
    """Run a model-api process before the house's vendor."""
    (port,) = free_ports(1)
    environ = environment(folder, database_url, str(api.upstream.base_url))
    quiet = asyncio.subprocess.DEVNULL
    command = [sys.executable, "-m", "model_api", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*command, env=environ, stdout=quiet, stderr=quiet)
    try:
        async with httpx.AsyncClient(verify=False, base_url=f"http://127.0.0.1:{port}", timeout=120) as http:
            async with asyncio.timeout(60):
                while not await _ready(http):
                    await asyncio.sleep(0.05)
            yield Instance(process, replace(api, url=str(http.base_url), http=http))
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/ready")).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.apart
@pytest.mark.slow
async def test_fifty_at_once_over_two_instances_keep_the_budget(
    tmp_path: Path, database_url: str, pool: asyncpg.Pool
) -> None:
    """What the vendor used, and what is spent or held at any moment, never passes the task's budget."""
    async with (
        house(tmp_path, database_url, pool) as api,
        instance(tmp_path, database_url, api) as one,
        instance(tmp_path, database_url, api) as other,
    ):
        await api.put("slow", {"steps": [{"text": "ok", "usage": LITTLE, "delay": 0.1}]})
        token, highest, done = api.token(budget=Budget(tokens=700)), 0, asyncio.Event()

        async def watch() -> None:
            nonlocal highest
            while not done.is_set():
                highest = max(highest, (await spent(pool, api.run.task)).tokens)
                await asyncio.sleep(0.005)

        async with asyncio.TaskGroup() as group:
            group.create_task(watch())
            try:
                asked = [(one, other)[n % 2].api.post(ask("SCENARIO:slow"), token=token) for n in range(50)]
                replies = await asyncio.gather(*asked)
            finally:
                done.set()
        statuses = Counter(reply.status_code for reply in replies)
        assert set(statuses) <= {200, 402, 429}
        assert (await api.paid(statuses[200])).tokens == 25 * statuses[200] == 25 * len(await api.upstream_seen())
        assert 250 < highest <= 700
        assert statuses[200] > 1


@pytest.mark.apart
@pytest.mark.slow
async def test_a_killed_instance_is_settled_for_by_another(
    tmp_path: Path, database_url: str, pool: asyncpg.Pool
) -> None:
    """SIGKILL in mid-stream, twice: metered is at least what the vendor counted, and at most 1.3 of it."""
    async with house(tmp_path, database_url, pool) as api:
        await api.put("long", {"steps": [{"text": "A line of text. " * 300, "pause": 0.05}]})
        await api.put("late", {"steps": [{"text": "ok", "delay": 8}]})
        await asyncio.gather(*(api.post(asked("SCENARIO:text")) for _ in range(12)))
        for _ in range(2):
            async with instance(tmp_path, database_url, api) as doomed:
                streams = [
                    asyncio.create_task(_read(doomed.api, asked(f"SCENARIO:{name}"))) for name in ("long", "late")
                ]
                await asyncio.sleep(3)
                doomed.process.kill()
                await doomed.process.wait()
                for stream in streams:
                    with pytest.raises(httpx.TransportError):
                        await stream
        left = await spent(pool, api.run.task)
        assert (left.requests, left.open) == (16, 4)
        assert (await api.post(asked("SCENARIO:text"))).status_code == 200
        spend = await api.paid(17)
        counted = (await api.upstream.get("/_stand-in/usage")).json().values()
        read, written = (sum(one.get(name, 0) for one in counted) for name in ("input_tokens", "output_tokens"))
        vendors = calc_price(
            Usage(input_tokens=read, output_tokens=written), MODEL, provider_id="anthropic"
        ).total_price
        assert read <= spend.usage.input_tokens
        assert written <= spend.usage.output_tokens
        assert vendors <= spend.usd <= vendors * Decimal("1.3"), (vendors, spend)
        assert 0 < spend.estimated_usd < spend.usd < left.usd
        rows = await pool.fetch("select scope, sum(usd) as usd from gateway.totals group by scope")
        assert {row["usd"] for row in rows} == {spend.usd}


def asked(text: str) -> dict[str, Any]:
    """Make a request of some 12,000 tokens, as agents send them."""
    return ask(f"{text} " + "Some words of a prompt. " * 2_000, max_tokens=2_048, stream=True)


async def _read(api: House, body: dict[str, Any]) -> None:
    headers = {"x-api-key": api.token(budget=Budget(usd="10")), "anthropic-version": "2023-06-01"}
    async with api.http.stream("POST", "/v1/messages", json=body, headers=headers) as stream:
        async for _ in stream.aiter_bytes():
            pass
