"""A GitHub App opens GitHub by tokens of an hour, which the gateway gets, renews early and shows to nobody."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from agent_effects import accounts
from api_kit import UpstreamVendor
from fixtures.app_keys import write_app_key
from fixtures.enterprise import enterprise
from fixtures.gateway import running_task, served
from fixtures.serving import serving
from github_api.settings import GitHubApiSettings
from github_api.table import TIERS, table
from github_api.upstream import github
from pydantic import SecretStr
from service_kit.errors import ConfigError
from service_kit.settings import load
from stand_ins.github.apps import App
from vendor.github_api.conformance import RECORD
from vendor.github_api.house import HELLO, SERVICES, TENANT, House, hello, house

ISSUE = f"{HELLO}/issues/1"
STATE = "x-agent-effect-state"
STORES = {"ACCESS_FILE": "a", "AGENT_JWKS_FILE": "b", "DATABASE_URL": "c", "GITHUB_UPSTREAM_LIMITED": "false"}
OpenHouse = Callable[..., AbstractAsyncContextManager[House]]


def app_settings(path: Path, **more: str) -> GitHubApiSettings:
    """Return the settings of a gateway whose App is 4711, with installation 99."""
    names = {"ID": "4711", "INSTALLATION_ID": "99", "PRIVATE_KEY_PATH": str(path), **more}
    return load(GitHubApiSettings, STORES | {f"GITHUB_UPSTREAM_APP_{name}": value for name, value in names.items()})


@pytest.fixture
def open_house(tmp_path: Path, database_url: str) -> OpenHouse:
    """Serve a gateway that an App opens, and a GitHub that knows it."""
    public = write_app_key(tmp_path / "app.pem")

    @asynccontextmanager
    async def opening(vendor: UpstreamVendor | None = None, **changes: Any) -> AsyncIterator[House]:
        vendor = vendor or github(app_settings(tmp_path / "app.pem"))
        async with house(tmp_path, database_url, vendor) as api:
            world = api.app.stand_in.world
            details = {"id": 4711, "slug": "triage-app", "installation": 99, "public_key": public, **changes}
            world.add_app(App(created_at=world.clock(), **details), "agent-bot")
            yield api

    return opening


def asked(api: House, path: str) -> int:
    """Count how often GitHub was asked for a path."""
    return sum(one["path"].endswith(path) for one in api.seen)


async def test_requests_share_one_token(open_house: OpenHouse) -> None:
    """Many requests at once get one token between them, and the App's JWT opens nothing but the App's own paths."""
    async with open_house() as api:
        replies = await asyncio.gather(*(api.ask("GET", ISSUE, token=api.token()) for _ in range(5)))
        assert [one.status_code for one in replies] == [200] * 5
        assert (asked(api, "/access_tokens"), asked(api, "/app")) == (1, 1)


@pytest.mark.slow
async def test_a_token_is_renewed_before_it_ends(open_house: OpenHouse) -> None:
    """A token near its end is renewed by the next request."""
    async with open_house(seconds=3) as api:
        assert (await api.ask("GET", ISSUE, token=api.token())).status_code == 200
        await asyncio.sleep(2.1)
        assert (await api.ask("GET", ISSUE, token=api.token())).status_code == 200
        assert asked(api, "/access_tokens") == 2


async def test_what_github_takes_back_is_got_anew(open_house: OpenHouse) -> None:
    """After a 401 the next request has a new token; the caller of the first is told, and nothing is sent twice."""
    async with open_house() as api:
        assert (await api.ask("GET", ISSUE, token=api.token())).status_code == 200
        api.app.stand_in.world.tokens.clear()
        statuses = [(await api.ask("GET", ISSUE, token=api.token())).status_code for _ in range(2)]
        assert statuses == [401, 200]


async def test_replies_outlive_a_token(open_house: OpenHouse) -> None:
    """ETags differ by token: after a renewal GitHub is asked with the old one, and its whole reply counts."""
    async with open_house() as api:
        first = await api.ask("GET", ISSUE, token=api.token())
        assert (await api.ask("GET", ISSUE, token=api.token())).content == first.content
        assert [one["status"] for one in api.seen if one["path"].endswith("/issues/1")] == [200, 304]
        api.app.stand_in.world.tokens.clear()
        await api.ask("GET", ISSUE, token=api.token())
        hello(api).issues[1].title = "Another"
        assert (await api.ask("GET", ISSUE, token=api.token())).json()["title"] == "Another"


async def test_its_account_is_the_apps_bot(open_house: OpenHouse, pool: asyncpg.Pool) -> None:
    """`/ready` keeps the login by which the App writes, though GitHub does not tell it to the token."""
    async with open_house() as api:
        assert (await api.client.get(f"{api.url}/ready")).status_code == 200
        assert [(one.tenant, one.account) for one in await accounts(pool)] == [("default", "triage-app[bot]")]
        assert asked(api, "/user") == 0


async def test_a_lost_write_of_an_app_is_found(open_house: OpenHouse, pool: asyncpg.Pool) -> None:
    """A comment whose reply was lost is known by the mark and the App's own login; a copied mark is not."""
    async with open_house() as api:
        task, attempt = await running_task(pool)
        write = partial(
            api.ask,
            "POST",
            f"{ISSUE}/comments",
            token=api.token(task=task, attempt=attempt),
            tool="add_issue_comment",
            body={"body": "Seen."},
        )
        api.fault("apply_then_drop", method="POST", path="/comments")
        made = await write()
        assert (made.status_code, made.headers[STATE]) == (201, "done")
        assert made.json()["user"]["login"] == "triage-app[bot]"


async def test_an_enterprise_server_knows_the_app_too(tmp_path: Path, database_url: str) -> None:
    """The App proves itself below /api/v3, and its token opens REST there and GraphQL at /api/graphql."""
    public, app = write_app_key(tmp_path / "app.pem"), RECORD.stand_in()
    world = app.stand_in.world
    world.add_app(App(4711, "triage-app", 99, public, world.clock()), "agent-bot")
    async with serving(enterprise(app)) as url:
        address = f"{url}/api/v3"
        settings = app_settings(tmp_path / "app.pem").model_copy(update={"github_upstream_url": address})
        vendor, access = github(settings), {"services": SERVICES}
        async with served(
            tmp_path,
            database_url,
            vendor,
            table(),
            upstream_url=address,
            tenant=TENANT,
            access=access,
            tiers=TIERS,
        ) as api:
            read = await api.ask("GET", ISSUE, service="reader")
            assert (read.status_code, read.json()["number"]) == (200, 1), read.text
            asked = {"owner": "octocat", "name": "hello-world", "number": 5, "first": 1}
            graphql = await api.ask("POST", "/graphql/PullRequest", service="reader", body=asked)
            assert graphql.json()["data"]["repository"]["pullRequest"]["number"] == 5
    paths = [entry["path"] for entry in app.controls.log.entries]
    assert paths[:2] == ["/app", "/app/installations/99/access_tokens"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": 1}, "GITHUB_UPSTREAM_APP_ID and the key in GITHUB_UPSTREAM_APP_PRIVATE_KEY_PATH do not belong"),
        ({"installation": 1}, "GITHUB_UPSTREAM_APP_INSTALLATION_ID is no installation of the App"),
        ({"suspended": True}, "the installation in GITHUB_UPSTREAM_APP_INSTALLATION_ID is suspended"),
    ],
)
async def test_a_refusal_names_what_to_mend(open_house: OpenHouse, changes: dict[str, Any], told: str) -> None:
    """Where GitHub gives no token, the caller reads which variable is wrong, and nothing else was sent."""
    async with open_house(**changes) as api:
        refused = await api.ask("GET", ISSUE, token=api.token())
        assert (refused.status_code, refused.json()["reason"]) == (502, "credential_refused")
        assert told in refused.json()["message"]
        assert asked(api, "/issues/1") == 0


async def test_a_tenant_has_an_app_of_its_own(open_house: OpenHouse, tmp_path: Path) -> None:
    """In the file of the tenants' tokens an App may stand for a token; two with one installation share its token."""
    entry = {"app_id": 4711, "installation_id": 99, "private_key_path": str(tmp_path / "app.pem")}
    file = tmp_path / "tokens.yaml"
    file.touch(0o600)
    file.write_text(json.dumps({"tenants": {"default": entry, "acme": entry, "other": "ghp_token"}}))
    vendor = github(load(GitHubApiSettings, STORES | {"GITHUB_UPSTREAM_TOKENS_FILE": str(file)}))
    ours, theirs, other = (vendor.credential(tenant) for tenant in ("default", "acme", "other"))
    assert ours is theirs
    assert ours.name.startswith("github-")
    assert other.headers == {"authorization": "Bearer ghp_token"}
    async with open_house(vendor) as api:
        assert (await api.ask("GET", ISSUE, token=api.token())).status_code == 200


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"INSTALLATION_ID": ""}, "GITHUB_UPSTREAM_APP_INSTALLATION_ID is not set: a GitHub App needs"),
        ({"INSTALLATION_ID": "x"}, "GITHUB_UPSTREAM_APP_INSTALLATION_ID is not of the form"),
        ({"PRIVATE_KEY_PATH": "/nowhere"}, "GITHUB_UPSTREAM_APP_PRIVATE_KEY_PATH=/nowhere cannot be read"),
    ],
)
def test_half_an_app_does_not_start(tmp_path: Path, more: dict[str, str], message: str) -> None:
    """What is missing or wrong is named at the start; so is an App beside a token, and a wrong entry of the file."""
    write_app_key(tmp_path / "app.pem")
    with pytest.raises(ConfigError, match=message):
        github(app_settings(tmp_path / "app.pem", **more))
    both = app_settings(tmp_path / "app.pem").model_copy(update={"github_upstream_token": SecretStr("t")})
    with pytest.raises(ConfigError, match="more than one of them is set"):
        github(both)
    file = tmp_path / "tokens.yaml"
    file.touch(0o600)
    file.write_text("tenants:\n  default:\n    app_id: 4711\n    key: x\n")
    with pytest.raises(
        ConfigError, match=r"line 2: .*installation_id.*line 4: tenants.default.key: this key is not known"
    ):
        github(load(GitHubApiSettings, STORES | {"GITHUB_UPSTREAM_TOKENS_FILE": str(file)}))
