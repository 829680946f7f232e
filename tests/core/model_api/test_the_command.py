"""The command `model-api`: everything from the environment, nothing on standard output, a clear end."""

import asyncio
import json
import sys
from pathlib import Path

import asyncpg
import httpx
import pytest
from core.model_api.house import BUDGET, MODEL, UPSTREAM_KEY, VERSION, ask, environment, started
from fixtures.ports import free_ports
from fixtures.serving import serving
from service_kit.keys import write_keys
from service_kit.tokens import Signer
from stand_ins.model.app import build as build_stand_in


async def start(environ: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
    """Start the command with nothing but these variables."""
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "model_api", *arguments]
    return await asyncio.create_subprocess_exec(*command, env=environ, stdout=pipe, stderr=pipe)


@pytest.mark.slow
async def test_a_wrong_environment_is_one_line_and_status_2() -> None:
    """What is missing is named on standard error; the status tells a supervisor not to try again."""
    process = await start({})
    out, err = await process.communicate()
    assert (process.returncode, out, len(err.splitlines())) == (2, b"", 1)
    assert err.startswith(b"error: AGENT_JWKS_FILE is not set")


@pytest.mark.slow
async def test_it_serves_until_sigterm(tmp_path: Path, pool: asyncpg.Pool, database_url: str) -> None:
    """It becomes ready, answers, writes JSON lines without its secrets to standard error, and ends with status 0."""
    write_keys(tmp_path / "signing.json", tmp_path / "jwks.json")
    run = await started(pool)
    token = Signer(tmp_path / "signing.json").model_token(
        task=run.task, attempt=run.attempt, tenant="default", models=[MODEL], budget=BUDGET, lifetime_seconds=60
    )
    (port,) = free_ports(1)
    async with serving(build_stand_in(key=UPSTREAM_KEY)) as vendor:
        process = await start(environment(tmp_path, database_url, vendor), "--port", str(port))
        try:
            async with httpx.AsyncClient(verify=False, base_url=f"http://127.0.0.1:{port}") as client:
                await _ready(client)
                headers = VERSION | {"x-api-key": token}
                reply = await client.post("/v1/messages", json=ask("SCENARIO:text"), headers=headers)
                assert reply.status_code == 200
        finally:
            process.terminate()
            out, err = await process.communicate()
    assert (process.returncode, out) == (0, b"")
    lines = [json.loads(line) for line in err.splitlines()]
    (audit,) = [line for line in lines if line["event"] == "request"]
    assert (audit["service"], audit["task_id"], audit["status"]) == ("model-api", str(run.task), 200)
    assert UPSTREAM_KEY.encode() not in err
    assert token.encode() not in err


async def _ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                reply = await client.get("/ready")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            assert reply.status_code == 200, reply.text
            return
