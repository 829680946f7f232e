"""Each tenant's own token of the vendor: which it is, what it is told without one, and how little it shares."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from fixtures.gateway import effects, running_task
from github_api.settings import GitHubApiSettings
from github_api.upstream import github
from service_kit.errors import ConfigError
from service_kit.settings import load
from service_kit.watched import LOOK_EVERY_SECONDS
from vendor.github_api.house import HELLO, OTHER_TOKEN, UPSTREAM_TOKEN, House, house

ISSUE = f"/repos/{HELLO}/issues/1"
BOTH = {"default": UPSTREAM_TOKEN, "acme": OTHER_TOKEN}


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
async def api(tmp_path: Path, tokens_file: Path, database_url: str, redis_url: str) -> AsyncIterator[House]:
    """A gateway for two tenants, at the default rate, with Redis."""
    async with house(tmp_path, database_url, redis_url, github_upstream_tokens_file=tokens_file) as opened:
        yield opened


async def comment(api: House, pool: asyncpg.Pool, tenant: str) -> httpx.Response:
    """Post the same comment for a new task of a tenant."""
    task, attempt = await running_task(pool, tenant=tenant)
    token = api.token(tenant=tenant, task=task, attempt=attempt)
    return await api.ask("POST", f"{ISSUE}/comments", token=token, tool="add_issue_comment", body={"body": "Seen."})


async def test_a_tenants_writes_are_its_own_accounts(api: House, pool: asyncpg.Pool) -> None:
    """The same comment of two tenants is two effects, each by the account of its tenant's token."""
    for tenant, login in (("default", "agent-bot"), ("acme", "other-bot")):
        reply = await comment(api, pool, tenant)
        assert (reply.status_code, reply.json()["user"]["login"]) == (201, login)
    assert [(row["tenant"], row["state"]) for row in await effects(pool)] == [("default", "done"), ("acme", "done")]


async def test_a_tenant_without_one_is_told_and_nothing_is_sent(api: House) -> None:
    """No other's token is used in its place."""
    reply = await api.ask("GET", ISSUE, token=api.token(tenant="careful"))
    assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (403, "credential")
    assert reply.json()["message"].startswith("tenant 'careful' has no credential for github")
    assert "GITHUB_UPSTREAM_TOKENS_FILE" in reply.json()["remedy"]
    assert not api.seen


async def test_what_one_was_answered_or_refused_is_not_the_others(api: House) -> None:
    """A kept reply answers its own tenant alone, and GitHub's limit of one account holds back no other."""
    for tenant, kept in (("default", False), ("acme", False), ("acme", True), ("default", True)):
        assert (await api.ask("GET", ISSUE, token=api.token(tenant=tenant))).status_code == 200
        assert ("if-none-match" in api.seen[-1]["headers"]) == kept, tenant
    api.fault("rate_limit", path="/issues", seconds=90, times=1)
    refused = [(await api.ask("GET", ISSUE, token=api.token())).status_code for _ in range(2)]
    assert refused == [403, 429]
    assert (await api.ask("GET", ISSUE, token=api.token(tenant="acme"))).status_code == 200


@pytest.mark.slow
async def test_a_changed_file_counts_without_a_restart(api: House, tokens_file: Path, pool: asyncpg.Pool) -> None:
    """New and removed tokens count at the next look; a file that cannot be read does not, and /ready says so."""
    write_tokens(tokens_file, {"default": OTHER_TOKEN})
    await asyncio.sleep(LOOK_EVERY_SECONDS)
    assert (await comment(api, pool, "default")).json()["user"]["login"] == "other-bot"
    assert (await api.ask("GET", ISSUE, token=api.token(tenant="acme"))).json()["reason"] == "credential"
    write_tokens(tokens_file, BOTH, mode=0o644)
    await asyncio.sleep(LOOK_EVERY_SECONDS)
    assert (await api.ask("GET", ISSUE, token=api.token(tenant="acme"))).json()["reason"] == "credential"
    async with httpx.AsyncClient(verify=False) as http:
        ready = (await http.get(f"{api.url}/ready")).json()
    assert "is open to others (644)" in ready["warnings"]["credentials"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "GITHUB_UPSTREAM_TOKEN is not set: set it, or GITHUB_UPSTREAM_TOKENS_FILE"),
        ({"GITHUB_UPSTREAM_TOKEN": "t", "GITHUB_UPSTREAM_TOKENS_FILE": "ok.yaml"}, "are both set"),
        ({"GITHUB_UPSTREAM_TOKENS_FILE": "none.yaml"}, r"none\.yaml cannot be read: No such file"),
        ({"GITHUB_UPSTREAM_TOKENS_FILE": "open.yaml"}, r"open\.yaml is open to others \(644\): chmod 600"),
        ({"GITHUB_UPSTREAM_TOKENS_FILE": "wrong.yaml"}, r"line 2: tenants\.a: .*; line 3: tenants\.B"),
        ({"GITHUB_UPSTREAM_TOKENS_FILE": "list.yaml"}, "must hold a mapping with tenants"),
    ],
)
def test_what_is_not_usable_is_named_without_a_token(tmp_path: Path, variables: dict[str, str], message: str) -> None:
    """Each error names the variable and the file, and none shows what the file holds."""
    write_tokens(tmp_path / "ok.yaml", BOTH)
    write_tokens(tmp_path / "open.yaml", BOTH, mode=0o644)
    write_tokens(tmp_path / "wrong.yaml", {}).write_text('tenants:\n  a: "ghp secret"\n  B: ghp_secret\n')
    write_tokens(tmp_path / "list.yaml", {}).write_text("- ghp_secret\n")
    whole = {"ACCESS_FILE": "a", "AGENT_JWKS_FILE": "b", "DATABASE_URL": "c"}
    given = {name: str(tmp_path / value) if name.endswith("FILE") else value for name, value in variables.items()}
    with pytest.raises(ConfigError, match=message) as error:
        github(load(GitHubApiSettings, whole | given))
    assert "secret" not in str(error.value)
