"""Each tenant's own token of the vendor: which it is, what it is told without one, and how little it shares."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import pytest
from api_kit import credentials
from conformance.gateways.corkboard import RECORD
from core.api_kit.corkboard import LIST, NOTE, NOTES, corkboard
from fixtures.gateway import House, effects, running_task
from pydantic import SecretStr
from service_kit.errors import ConfigError
from service_kit.watched import NOT_IN_FORCE
from starlette.types import ASGIApp, Receive, Scope, Send

TOKEN = RECORD.vendor().credential("default").headers["authorization"].removeprefix("Bearer ")
OTHER_TOKEN = f"cbt_{'d' * 30}"
BOTH = {"default": TOKEN, "acme": OTHER_TOKEN}


@dataclass
class Accounts:
    """Lets a second token open the stand-in too, and keeps which was shown."""

    shown: list[str] = field(default_factory=list)

    def before(self, app: ASGIApp) -> ASGIApp:
        """Stand before the stand-in."""

        async def admit(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                headers = dict(scope["headers"])
                self.shown.append(headers[b"authorization"].decode().removeprefix("Bearer "))
                headers[b"authorization"] = f"Bearer {TOKEN}".encode()
                scope = {**scope, "headers": list(headers.items())}
            await app(scope, receive, send)

        return admit


def opening(token: str) -> dict[str, str]:
    """Make the header that opens Corkboard."""
    return {"authorization": f"Bearer {token}"}


def write_tokens(file: Path, tokens: dict[str, str], mode: int = 0o600) -> Path:
    """Write the file with each tenant's token."""
    file.touch(mode=0o600)
    file.write_text(json.dumps({"tenants": tokens}))
    file.chmod(mode)
    return file


@pytest.fixture
def tokens_file(tmp_path: Path) -> Path:
    """A file with the tokens of two tenants."""
    return write_tokens(tmp_path / "tokens.yaml", BOTH)


@pytest.fixture
def accounts() -> Accounts:
    """The vendor's accounts."""
    return Accounts()


@pytest.fixture
async def house(
    tmp_path: Path, tokens_file: Path, database_url: str, accounts: Accounts, watched_closely: None
) -> AsyncIterator[House]:
    """A gateway for two tenants, each with an account of its own."""
    changes = {"credential": credentials("corkboard", token=None, file=tokens_file, headers=opening)}
    async with corkboard(tmp_path, database_url, changes=changes, before=accounts.before) as opened:
        yield opened


async def pin(house: House, pool: asyncpg.Pool, tenant: str) -> httpx.Response:
    """Pin the same note for a new task of a tenant."""
    task, attempt = await running_task(pool, tenant=tenant)
    token = house.token(tenant=tenant, task=task, attempt=attempt)
    return await house.ask("POST", NOTES, token=token, tool="note_write", body=NOTE)


async def test_a_tenants_writes_are_its_own_accounts(house: House, accounts: Accounts, pool: asyncpg.Pool) -> None:
    """The same note of two tenants is two effects, each by the account of its tenant's token."""
    for tenant, token in BOTH.items():
        assert (await pin(house, pool, tenant)).status_code == 201
        assert accounts.shown[-1] == token
    assert [(row["tenant"], row["state"]) for row in await effects(pool)] == [("default", "done"), ("acme", "done")]


async def test_a_tenant_without_one_is_told_and_nothing_is_sent(house: House) -> None:
    """No other's token is used in its place."""
    reply = await house.ask("GET", LIST, token=house.token(tenant="careful"))
    assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (403, "credential")
    assert reply.json()["message"].startswith("tenant 'careful' has no credential for corkboard")
    assert "CORKBOARD_UPSTREAM_TOKENS_FILE" in reply.json()["remedy"]
    assert not house.seen


async def test_what_one_was_refused_is_not_the_others(house: House) -> None:
    """The vendor's limit of one account holds back no other."""
    house.fault("rate_limit", seconds=90)
    refused = [await house.ask("GET", LIST, token=house.token()) for _ in range(2)]
    assert [reply.status_code for reply in refused] == [429, 429]
    assert refused[1].json()["reason"] == "vendor_rate"
    assert (await house.ask("GET", LIST, token=house.token(tenant="acme"))).status_code == 200


async def test_a_changed_file_counts_without_a_restart(
    house: House, accounts: Accounts, tokens_file: Path, pool: asyncpg.Pool
) -> None:
    """New and removed tokens count at the next look; a file that cannot be used does not, and /ready says it."""
    write_tokens(tokens_file, {"default": OTHER_TOKEN})
    assert (await pin(house, pool, "default")).status_code == 201
    assert accounts.shown[-1] == OTHER_TOKEN
    assert (await house.ask("GET", LIST, token=house.token(tenant="acme"))).json()["reason"] == "credential"
    write_tokens(tokens_file, BOTH, mode=0o644)
    assert (await house.ask("GET", LIST, token=house.token(tenant="acme"))).json()["reason"] == "credential"
    ready = (await house.client.get(f"{house.url}/ready")).json()
    assert ready["warnings"]["credentials"] == NOT_IN_FORCE


@pytest.mark.parametrize(
    ("token", "file", "message"),
    [
        (None, None, "CORKBOARD_UPSTREAM_TOKEN is not set: set it, or CORKBOARD_UPSTREAM_TOKENS_FILE"),
        ("t", "ok.yaml", "more than one of them is set"),
        ("a secret", None, "^CORKBOARD_UPSTREAM_TOKEN is not usable: it is empty, or holds a blank"),
        ("secret\u00e9", None, "^CORKBOARD_UPSTREAM_TOKEN is not usable: it is empty, or holds a blank"),
        (None, "none.yaml", r"none\.yaml cannot be read: No such file"),
        (None, "open.yaml", r"open\.yaml is open to others \(644\): chmod 600"),
        (None, "wrong.yaml", r"line 2: tenants\.a: .*; line 3: tenants\.B"),
        (None, "list.yaml", "must hold a mapping with tenants"),
    ],
)
def test_what_is_not_usable_is_named_without_a_token(
    tmp_path: Path, token: str | None, file: str | None, message: str
) -> None:
    """Each error names the variable and the file, and none shows what the file holds."""
    write_tokens(tmp_path / "ok.yaml", BOTH)
    write_tokens(tmp_path / "open.yaml", BOTH, mode=0o644)
    write_tokens(tmp_path / "wrong.yaml", {}).write_text('tenants:\n  a: "corkboard secret"\n  B: secret\n')
    write_tokens(tmp_path / "list.yaml", {}).write_text("- secret\n")
    given = SecretStr(token) if token else None
    with pytest.raises(ConfigError, match=message) as error:
        credentials("corkboard", token=given, file=tmp_path / file if file else None, headers=opening)
    assert "secret" not in str(error.value)
