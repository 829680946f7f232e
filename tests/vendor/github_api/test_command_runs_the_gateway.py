"""The command `github-api`: its environment, its health, its end."""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from fixtures.ports import free_ports
from vendor.github_api.house import HELLO, TOKEN, House, house


async def started(environ: dict[str, str], *flags: str) -> asyncio.subprocess.Process:
    """Start the command."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "github_api", *flags)
    return await asyncio.create_subprocess_exec(*command, env=environ, stdout=pipe, stderr=pipe)


def environment(api: House) -> dict[str, str]:
    """Make the environment of a process for the same stores, keys and GitHub."""
    return {
        "ACCESS_FILE": str(api.settings.access_file),
        "AGENT_JWKS_FILE": str(api.settings.agent_jwks_file),
        "DATABASE_URL": api.settings.database_url,
        "GITHUB_UPSTREAM_TOKEN": TOKEN,
        "GITHUB_UPSTREAM_URL": api.upstream_url,
        "REDIS_URL": str(api.settings.redis_url),
    }


@pytest.mark.slow
async def test_what_is_missing_is_named() -> None:
    """A missing token ends the command with one line that names it, and status 2."""
    whole = {"ACCESS_FILE": "a", "AGENT_JWKS_FILE": "b", "DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    process = await started(whole)
    out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    last = err.decode().strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert "GITHUB_UPSTREAM_TOKEN is not set" in last


@pytest.mark.slow
async def test_it_serves_and_stops(tmp_path: Path, database_url: str, redis_url: str) -> None:
    """It tells its health and figures, writes an audit line a request without secrets, and ends well on SIGTERM."""
    async with house(tmp_path, database_url, redis_url=redis_url) as api:
        (port,) = free_ports(1)
        url = f"http://127.0.0.1:{port}"
        process = await started(environment(api), "--port", str(port))
        try:
            async with asyncio.timeout(60):
                while process.returncode is None:
                    with suppress(httpx.TransportError):
                        ready = (await api.client.get(f"{url}/ready")).json()
                        break
                    await asyncio.sleep(0.05)
            assert ready == {
                "status": "ready",
                "service": "github-api",
                "checks": {"database": "ok", "redis": "ok", "account": "ok"},
            }
            assert (await api.client.get(f"{url}/health")).json()["status"] == "ok"
            reply = await api.ask("GET", f"{HELLO}/issues/1", service="reader", url=url)
            assert reply.status_code == 200
            assert len(reply.headers.get_list("date")) == 1
            metrics = (await api.client.get(f"{url}/metrics")).text
            assert 'gateway_requests_total{reason="",route="GET /repos/{owner:name}/{repo:name}/issues/' in metrics
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = await asyncio.wait_for(process.communicate(), 10)
        assert (process.returncode, out) == (0, b"")
        lines = err.decode()
        assert '"event": "request"' in lines
        assert f'"target": "{HELLO}/issues/1"' in lines
        assert TOKEN not in lines
        assert api.services["reader"] not in lines
