"""Feeds: one control follows, each event starts its tasks once, and another control goes on where one has ended."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from agent_ledger import SkillRow, register_skills
from fixtures.chimes import chime, followers, following, write_feeds
from fixtures.control import TOKEN
from service_kit.http import HttpClient
from structlog.testing import capture_logs

LIMIT_SECONDS = 20


@pytest.fixture
async def folder(tmp_path: Path, pool: asyncpg.Pool) -> Path:
    """The files of the controls and of the made-up vendor."""
    write_feeds(tmp_path)
    await register_skills(pool, [SkillRow(name="ring", version="v1", engine="claude", model="m", description="d")])
    return tmp_path


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not await holds():
            await asyncio.sleep(0.05)


async def until_tasks(pool: asyncpg.Pool, number: int) -> None:
    """Wait until there are so many tasks, and check that there are no more."""

    async def enough() -> bool:
        return await tasks(pool) >= number

    await until(enough)
    assert await tasks(pool) == number


async def tasks(pool: asyncpg.Pool) -> int:
    """Count the tasks."""
    found: int = await pool.fetchval("select count(*) from ledger.tasks")
    return found


async def metric(http: HttpClient, sample: str) -> float:
    """Read a sample of `/metrics`; 0 where there is none."""
    lines = (await http.request("GET", "/metrics")).text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{sample} ")), 0.0)


async def test_an_event_of_a_feed_becomes_a_task_of_its_door(
    folder: Path, pool: asyncpg.Pool, database_url: str
) -> None:
    """The door under `feeds` gives the tenant; the task says that it comes from a feed."""
    async with following(folder, database_url, "first"):
        chime(folder, 1)
        await until_tasks(pool, 1)
    [row] = await pool.fetch("select tenant, door, body from ledger.tasks")
    assert (row["tenant"], row["door"], row["body"]["origin"]["kind"]) == ("acme", "feed:chimes", "feed")


async def test_one_of_two_controls_follows(folder: Path, pool: asyncpg.Pool, database_url: str) -> None:
    """Each event is taken by the one that follows, which its metric names."""
    async with following(folder, database_url, "first") as first, following(folder, database_url, "second") as second:
        for number in range(5):
            chime(folder, number)
            await until_tasks(pool, number + 1)
        sample = 'control_feed_followed{source="chimes"}'
        assert sorted([await metric(http, sample) for http in (first, second)]) == [0, 1]
        taken = 'control_feed_events_total{outcome="taken",source="chimes"}'
        assert sorted([await metric(http, taken) for http in (first, second)]) == [0, 5]
    assert len(followers(folder)) == 1


@pytest.mark.slow
async def test_another_control_goes_on_when_the_leader_is_killed(
    folder: Path, pool: asyncpg.Pool, database_url: str
) -> None:
    """It begins at the position that was committed last: no event is lost, and none starts a second task."""
    program = [sys.executable, "-m", "fixtures.chimes", str(folder), database_url, "killed"]
    leader = await asyncio.create_subprocess_exec(*program, cwd=Path(__file__).parents[2])
    try:
        chime(folder, 1, 2)
        await until_tasks(pool, 2)
        async with following(folder, database_url, "other"):
            chime(folder, 3)
            await until_tasks(pool, 3)
            leader.kill()
            chime(folder, 4, 5)
            await until_tasks(pool, 5)
    finally:
        if leader.returncode is None:
            leader.kill()
        await leader.wait()
    assert followers(folder) == ["killed 0", "other 3"]


@pytest.mark.slow
async def test_a_leader_whose_lock_is_lost_follows_no_longer(
    folder: Path, pool: asyncpg.Pool, database_url: str
) -> None:
    """When its database connection ends, it is told as a failure, and some control goes on."""
    async with following(folder, database_url, "first") as first:
        chime(folder, 1)
        await until_tasks(pool, 1)
        await pool.execute(
            "select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)"
            " where locktype = 'advisory' and application_name = 'first'"
        )
        chime(folder, 2)
        await until_tasks(pool, 2)
        assert await metric(first, 'background_failures_total{loop="feed:chimes"}') == 1
    assert followers(folder) == ["first 0", "first 1"]


@pytest.mark.slow
async def test_a_feed_that_fails_is_told_and_tried_again_and_stops_no_other(
    folder: Path, pool: asyncpg.Pool, database_url: str
) -> None:
    """`/ready` says that one fails, `/metrics` counts, the other goes on, and the first once its vendor is back."""
    (folder / "chimes.broken").touch()
    async with following(folder, database_url, "first") as http:
        chime(folder, 1)
        chime(folder, 1, 2, name="gong")
        await until_tasks(pool, 2)

        async def is_told() -> bool:
            ready = (await http.request("GET", "/ready")).text
            assert "the tower is away" not in ready
            return "1 fail: `background_failed` in this process's log says why" in ready

        await until(is_told)
        assert await metric(http, 'background_failures_total{loop="feed:chimes"}') >= 1
        assert await metric(http, 'background_failures_total{loop="feed:gong"}') == 0
        (folder / "chimes.broken").unlink()
        await until_tasks(pool, 3)


async def test_an_event_that_is_given_again_starts_nothing(folder: Path, pool: asyncpg.Pool, database_url: str) -> None:
    """Its identity is known, also after the position was lost."""
    async with following(folder, database_url, "first"):
        chime(folder, 1, 2)
        await until_tasks(pool, 2)
    await pool.execute("delete from feeds.positions")
    async with following(folder, database_url, "second") as http:
        chime(folder, 3)
        await until_tasks(pool, 3)
        assert await metric(http, 'control_feed_events_total{outcome="duplicate",source="chimes"}') == 2


@pytest.mark.slow
async def test_events_and_position_are_committed_together(folder: Path, pool: asyncpg.Pool, database_url: str) -> None:
    """When the position cannot be kept, no task is there either; the page is taken whole once it can."""
    await pool.execute("alter table feeds.positions add constraint never check (position::text = '0')")
    async with following(folder, database_url, "first") as http:
        chime(folder, 1, 2)

        async def has_failed() -> bool:
            return await metric(http, 'background_failures_total{loop="feed:chimes"}') > 0

        await until(has_failed)
        assert await tasks(pool) == await pool.fetchval("select count(*) from control.deliveries") == 0
        await pool.execute("alter table feeds.positions drop constraint never")
        await until_tasks(pool, 2)


async def test_an_event_that_is_refused_is_kept_with_its_reason(
    folder: Path, pool: asyncpg.Pool, database_url: str
) -> None:
    """Nobody sends it again, so the feed goes on behind it."""
    write_feeds(folder, daily_budget={"tasks": 1})
    async with following(folder, database_url, "first") as http:
        chime(folder, 1, 2)
        await until_tasks(pool, 1)
        assert await metric(http, 'control_feed_events_total{outcome="refused",source="chimes"}') == 1
    rows = await pool.fetch("select outcome from control.deliveries where source = 'chimes'")
    refused = [one["reason"] for row in rows for one in row["outcome"]["refused"]]
    assert refused == ["its daily budget of 1 tasks is used up"]
    assert await pool.fetchval("select position from feeds.positions where feed = 'chimes'") == 2


async def test_what_the_door_does_not_open_is_passed_over(folder: Path, pool: asyncpg.Pool, database_url: str) -> None:
    """An event about another resource makes no row, and the next one its task."""
    async with following(folder, database_url, "first") as http:
        chime(folder, 1, tower="south")
        chime(folder, 2)
        await until_tasks(pool, 1)
        assert await metric(http, 'control_feed_events_total{outcome="ignored",source="chimes"}') == 1
    assert await pool.fetchval("select count(*) from control.deliveries") == 1


async def test_triggers_of_a_feed_can_be_tried(folder: Path, database_url: str) -> None:
    """The dry run knows feeds as it knows webhooks."""
    asked = {"source": "gong", "event": "chime", "payload": {"tower": "north"}}
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with following(folder, database_url, "first") as http:
        reply = (await http.request("POST", "/v1/triggers/test", json=asked, headers=headers)).json()
    assert [one["trigger"] for one in reply["tasks"]] == ["gong"]


async def test_an_entry_without_its_source_is_told(folder: Path, database_url: str) -> None:
    """`/ready` counts the entries that follow nothing, and the log names them."""
    access = (folder / "access.yaml").read_text()
    (folder / "access.yaml").write_text(access.replace("  gong:", "  bell:"))
    async with following(folder, database_url, "first") as http:
        with capture_logs() as lines:
            warnings = (await http.request("GET", "/ready")).json()["warnings"]
    assert warnings["feeds"] == "1 open nothing: `feed_opens_nothing` in this process's log says which"
    assert "feeds.bell: no such source is installed" in [line.get("fault") for line in lines]
