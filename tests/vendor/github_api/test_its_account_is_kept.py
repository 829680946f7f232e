"""The gateway finds out by which account it writes, and keeps that where control compares it with its own accounts."""

import asyncpg
from agent_effects import accounts
from vendor.github_api.house import House


async def test_the_login_by_which_it_writes_is_kept(api: House, pool: asyncpg.Pool) -> None:
    """`/ready` asks GitHub who we are, once an hour; a GitHub that is away makes the gateway no less ready."""
    api.fault("status", path="^/user")
    assert (await api.client.get(f"{api.url}/ready")).status_code == 200
    assert await accounts(pool) == []
    async with api.another() as url:
        assert (await api.client.get(f"{url}/ready")).status_code == 200
    assert [(one.vendor, one.tenant, one.account) for one in await accounts(pool)] == [
        ("github", "default", "agent-bot")
    ]
