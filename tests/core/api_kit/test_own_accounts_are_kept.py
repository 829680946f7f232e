"""A gateway keeps by which account each tenant's token writes, whatever the vendor makes of another tenant's."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from agent_effects import accounts, keep_accounts
from api_kit import credential_accounts, credentials
from api_kit.routes import Fetch
from core.api_kit.corkboard import corkboard
from core.api_kit.test_tenants_have_their_own_credentials import opening, write_tokens
from service_kit import health
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKENS = {"default": "revoked", "acme": "hangs", "careful": "sound"}


async def me(request: Request) -> Response:
    """Say whose token it is; one was revoked, and one gets no answer."""
    token = request.headers["authorization"].removeprefix("Bearer ")
    if token == "hangs":
        await asyncio.sleep(1)
    return JSONResponse({"login": f"{token}-bot"}, 401 if token == "revoked" else 200)


async def login(fetch: Fetch) -> str | None:
    """Ask whose token it is."""
    found = await fetch("/me")
    return str(found["login"]) if isinstance(found, dict) else None


async def test_one_tenants_bad_token_hides_no_others_account(
    tmp_path: Path, database_url: str, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused token and one without an answer keep what is known of them; the next look goes on behind them.

    Only a tenant that is gone loses its account.
    """
    monkeypatch.setattr(health, "READY_CACHE_SECONDS", 0)
    monkeypatch.setattr(credential_accounts, "PATIENCE_SECONDS", 0.3)
    await keep_accounts(pool, "corkboard", {"acme": "acme-bot", "gone": "gone-bot"})
    file = write_tokens(tmp_path / "tokens.yaml", TOKENS)
    changes = {"credential": credentials("corkboard", token=None, file=file, headers=opening), "account": login}
    vendor = Starlette(routes=[Route("/me", me)])
    async with corkboard(tmp_path, database_url, changes=changes, before=lambda _: vendor) as house:
        for _ in range(2):
            assert (await house.client.get(f"{house.url}/ready")).status_code == 200
    assert {one.tenant: one.account for one in await accounts(pool)} == {"acme": "acme-bot", "careful": "sound-bot"}
