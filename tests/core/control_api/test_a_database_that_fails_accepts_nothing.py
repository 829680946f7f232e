"""A database that takes no more connections, or no writes: every door says 503 and that nothing was accepted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import pytest
from agent_stores.pool import open_pool
from fixtures.control import Control, built, payload
from fixtures.serving import serving
from service_kit.http import HttpClient, Reply

PASSWORD = "crowded-secret"
TASK = {"skill": "issue-triage", "input": {"repository": "octocat/hello-world", "issue": 1}}


@asynccontextmanager
async def second(control: Control, pool: asyncpg.Pool) -> AsyncIterator[Control]:
    """Run another control with the same files, on a pool of its own."""
    async with serving(built(control.folder, pool)) as url, HttpClient(base_url=url) as http:
        yield Control(http, pool, control.folder)


async def asked(control: Control) -> list[Reply]:
    """Knock at each door once."""
    return [
        await control.http.request("POST", "/v1/tasks", json=TASK, headers=control.headers),
        await control.http.request("GET", "/v1/tasks", headers=control.headers),
        await control.deliver(payload()),
    ]


def told(replies: list[Reply]) -> None:
    """Check that each reply says that nothing was accepted, and nothing of the database's."""
    for reply in replies:
        assert (reply.status, reply.json()["reason"]) == (503, "database")
        assert reply.json()["remedy"] == "Nothing was accepted: try again later."
        assert "crowded" not in reply.text


@pytest.mark.bad_input
async def test_no_connection_is_left(control: Control, database_url: str) -> None:
    """While the role may open no further connection nothing is accepted; then everything is."""
    await control.pool.execute(f"create role crowded login connection limit 1 password '{PASSWORD}'")
    await control.pool.execute("grant agent_bot to crowded")
    parts = urlsplit(database_url)
    url = parts._replace(netloc=f"crowded:{PASSWORD}@{parts.hostname}:{parts.port}").geturl()
    pool = await open_pool(url, size=20, application="crowded")
    try:
        held = await pool.acquire()
        async with second(control, pool) as crowded:
            told(await asked(crowded))
            await control.pool.execute("alter role crowded connection limit 20")
            assert [reply.status for reply in await asked(crowded)] == [202, 200, 202]
        await pool.release(held)
    finally:
        pool.terminate()
        await control.pool.execute("drop owned by crowded; drop role crowded")


@pytest.mark.bad_input
async def test_no_write_is_taken(control: Control, database_url: str) -> None:
    """While the database is read-only nothing is accepted; then everything is."""
    name = urlsplit(database_url).path.removeprefix("/")
    await control.pool.execute(f"alter database {name} set default_transaction_read_only = on")
    async with await open_pool(database_url, size=5, application="read-only") as pool:
        async with second(control, pool) as reading:
            replies = await asked(reading)
            told([replies[0], replies[2]])
            assert replies[1].json() == {"tasks": []}
        await pool.execute(f"set transaction read write; alter database {name} reset default_transaction_read_only")
    async with await open_pool(database_url, size=5, application="writing") as pool, second(control, pool) as writing:
        assert [reply.status for reply in await asked(writing)] == [202, 200, 202]
