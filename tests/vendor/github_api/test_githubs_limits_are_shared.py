"""GitHub's own limits, kept from our side: over all instances and callers of a token, none of which takes all."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from asyncpg import Pool
from vendor.github_api.house import HELLO, House, gateway, house, running_task

ISSUE = f"/repos/{HELLO}/issues/1"


@pytest.fixture
async def api(tmp_path: Path, database_url: str, redis_url: str) -> AsyncIterator[House]:
    """A gateway with Redis, whose own rate is out of the way."""
    async with house(tmp_path, database_url, redis_url, rate_per_second=10_000, rate_burst=10_000) as opened:
        yield opened


def refusals(replies: list[httpx.Response]) -> list[str | None]:
    """Give the reasons of those that did not pass."""
    return [reply.headers.get("x-agent-gateway-error") for reply in replies if reply.status_code != 200]


@pytest.mark.slow
async def test_searches_are_counted_over_all_callers(api: House) -> None:
    """Of 24 searches of as many tasks at two instances ten reach GitHub, which has 30 a minute for all."""
    async with gateway(api.settings) as second:
        started = time.monotonic()
        replies = await asyncio.gather(
            *(api.ask("GET", "/search/issues?q=is:issue", token=api.token(), url=url) for url in [api.url, second] * 12)
        )
        passed = 10 + int((time.monotonic() - started) / 3)
    assert 24 - passed <= len(refusals(replies)) <= 14
    assert set(refusals(replies)) == {"vendor_rate"}
    assert len(api.seen) == 24 - len(refusals(replies))
    assert all(int(reply.headers["retry-after"]) >= 1 for reply in replies if reply.status_code == 429)


@pytest.mark.slow
async def test_what_is_refused_takes_nothing_of_it(api: House) -> None:
    """However often one caller asks for what it may not have, others' requests pass."""
    for _ in range(40):
        reply = await api.ask("GET", "/search/issues?q=repo:octocat/other", token=api.token())
        assert reply.json()["reason"] == "resource"
    assert (await api.ask("GET", "/search/issues?q=is:issue", token=api.token())).status_code == 200


@pytest.mark.slow
async def test_one_caller_takes_about_half(api: House, pool: Pool) -> None:
    """A task has 150 points at once, 30 writes, and five more a second; another still has its own."""
    task, attempt = await running_task(pool)
    token, started = api.token(task=task, attempt=attempt), time.monotonic()
    write: dict[str, Any] = {"body": {"state": "open"}, "token": token, "tool": "issue_write"}
    passed, reply = 0, await api.ask("PATCH", ISSUE, **write)
    while reply.status_code == 200:
        passed, reply = passed + 1, await api.ask("PATCH", ISSUE, **write)
    assert reply.json()["reason"] == "vendor_rate"
    assert 30 <= passed <= 31 + (time.monotonic() - started)
    assert (await api.ask("GET", ISSUE, token=api.token())).status_code == 200


@pytest.mark.slow
async def test_new_things_are_spaced(api: House, pool: Pool) -> None:
    """Three comments at once go out a second apart, at two instances too; changing a state waits for none of them."""
    task, attempt = await running_task(pool)
    token = api.token(task=task, attempt=attempt)
    started = time.monotonic()
    async with gateway(api.settings) as second:
        comments = [
            asyncio.create_task(
                api.ask("POST", f"{ISSUE}/comments", body={"body": f"{number}"}, url=url, token=token,
                        tool="add_issue_comment")
            )
            for number, url in enumerate((api.url, second, api.url))
        ]  # fmt: skip
        await asyncio.sleep(0.1)
        state = await api.ask("PATCH", ISSUE, body={"state": "open"}, token=token, tool="issue_write")
        assert state.status_code == 200
        assert sum(comment.done() for comment in comments) <= 1
        assert [(await comment).status_code for comment in comments] == [201] * 3
    assert time.monotonic() - started > 1.9


@pytest.mark.slow
async def test_an_enterprise_server_has_none(tmp_path: Path, database_url: str) -> None:
    """Told that the server has no such limits the gateway keeps none."""
    more = {"rate_per_second": 10_000, "rate_burst": 10_000, "github_upstream_limited": False}
    async with house(tmp_path, database_url, None, **more) as open_house:
        token = open_house.token()
        replies = [await open_house.ask("GET", ISSUE, token=token) for _ in range(160)]
    assert refusals(replies) == []
