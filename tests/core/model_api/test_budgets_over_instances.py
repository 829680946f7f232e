"""Two model-api processes share every budget; one that is killed leaves what it had reserved."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import httpx
import pytest
from agent_contracts import Budget
from agent_effects import spent
from core.model_api.house import House, ask, environment, house
from fixtures.ports import free_ports

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


@pytest.mark.slow
async def test_a_killed_instance_leaves_what_it_reserved(tmp_path: Path, database_url: str, pool: asyncpg.Pool) -> None:
    """SIGKILL in mid-stream: the request counts as what was reserved for it, and the task goes on within the rest."""
    async with house(tmp_path, database_url, pool) as api, instance(tmp_path, database_url, api) as doomed:
        token = api.token(budget=Budget(tokens=400))
        body = ask("SCENARIO:stall", stream=True)
        async with doomed.api.http.stream(
            "POST", "/v1/messages", json=body, headers={"x-api-key": token, "anthropic-version": "2023-06-01"}
        ) as stream:
            await anext(stream.aiter_bytes())
            doomed.process.kill()
            await doomed.process.wait()
        left = await spent(pool, api.run.task)
        assert (left.requests, left.open) == (1, 1)
        assert left.tokens > 200
        assert (await api.post(ask("SCENARIO:text"), token=token)).status_code == 200
        (*_, seen) = await api.upstream_seen()
        assert seen["body"]["max_tokens"] < 400 - left.tokens
        await pool.execute("update gateway.spend set at = at - interval '6 minutes' where state = 'reserved'")
        assert (await api.post(ask("SCENARIO:text " + "x" * 400), token=token)).status_code == 402
        assert (await spent(pool, api.run.task)).usd >= left.usd
