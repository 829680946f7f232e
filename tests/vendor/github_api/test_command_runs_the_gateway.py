"""The command `github-api`: its environment, its health, its end."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from service_kit.keys import write_keys
from vendor.github_api.house import HELLO, UPSTREAM_TOKEN, house, started, write_access

COMMAND = (sys.executable, "-m", "github_api")


async def end_of(environ: dict[str, str]) -> tuple[int | None, str, str]:
    """Run the command to its end."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.mark.slow
async def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """A missing variable, file or database ends the command with one line that names it, and status 2."""
    write_access(tmp_path)
    write_keys(tmp_path / "key.json", tmp_path / "jwks.json")
    whole = {
        "ACCESS_FILE": str(tmp_path / "access.yaml"),
        "AGENT_JWKS_FILE": str(tmp_path / "jwks.json"),
        "DATABASE_URL": "postgresql://127.0.0.1:1/none",
        "GITHUB_UPSTREAM_TOKEN": UPSTREAM_TOKEN,
    }
    without = {name: value for name, value in whole.items() if name != "GITHUB_UPSTREAM_TOKEN"}
    cases = (
        (without, "GITHUB_UPSTREAM_TOKEN is not set"),
        ({**whole, "ACCESS_FILE": str(tmp_path / "none.yaml")}, "make init"),
        (whole, "DATABASE_URL"),
    )
    for (environ, needle), ended in zip(cases, await asyncio.gather(*(end_of(case[0]) for case in cases)), strict=True):
        status, out, err = ended
        assert (status, out) == (2, ""), environ
        last = err.strip().splitlines()[-1]
        assert last.startswith("error: ")
        assert needle in last
        assert UPSTREAM_TOKEN not in err


@pytest.mark.slow
async def test_it_serves_and_stops(tmp_path: Path, database_url: str, redis_url: str) -> None:
    """It tells its health and figures, writes an audit line a request without secrets, and ends well on SIGTERM."""
    async with house(tmp_path, database_url, redis_url) as api:
        process, url = await started(api)
        try:
            ready = (await api.client.get(f"{url}/ready")).json()
            assert ready == {"status": "ready", "service": "github-api", "checks": {"database": "ok", "redis": "ok"}}
            assert (await api.client.get(f"{url}/health")).json()["status"] == "ok"
            reply = await api.ask("GET", f"/repos/{HELLO}/issues/1", service="reader", url=url)
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
        assert f'"target": "/repos/{HELLO}/issues/1"' in lines
        assert UPSTREAM_TOKEN not in lines
        assert api.services["reader"] not in lines
