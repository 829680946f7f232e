"""A GitHub App gets a token by a JWT of its key, as GitHub demands it, and the token ends."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from fixtures.app_keys import write_app_key
from stand_ins.github.app import StandInApp

TOKENS = "/app/installations/99/access_tokens"
ISSUE = "/repos/octocat/hello-world/issues/1"
MakeJwt = Callable[..., str]


@pytest.fixture
async def make_jwt(client: httpx.AsyncClient, tmp_path: Path) -> MakeJwt:
    """Install an App, and give what makes its JWTs."""
    public = write_app_key(tmp_path / "app.pem")
    app = {"id": 4711, "slug": "triage-app", "installation": 99, "public_key": public}
    assert (await client.put("/_stand-in/app", content=json.dumps(app))).status_code == 204

    def making(**changes: Any) -> str:
        now = int(time.time())
        claims = {"iss": "4711", "iat": now - 60, "exp": now + 540, **changes}
        return jwt.encode(claims, (tmp_path / "app.pem").read_bytes(), algorithm="RS256")

    return making


def bearer(token: str) -> dict[str, str]:
    """Show a token."""
    return {"Authorization": f"Bearer {token}"}


async def test_a_token_opens_what_the_account_may_until_it_ends(
    client: httpx.AsyncClient, github: StandInApp, make_jwt: MakeJwt
) -> None:
    """It writes as the App's bot and is no user; after its end it is refused, and the JWT opens no repository."""
    reply = await client.post(TOKENS, headers=bearer(make_jwt()))
    assert reply.status_code == 201
    token = bearer(reply.json()["token"])
    made = await client.post(f"{ISSUE}/comments", json={"body": "Seen."}, headers=token)
    assert (made.status_code, made.json()["user"]["login"]) == (201, "triage-app[bot]")
    user = await client.get("/user", headers=token)
    assert (user.status_code, user.json()["message"]) == (403, "Resource not accessible by integration")
    assert (await client.get(ISSUE, headers=bearer(make_jwt()))).status_code == 401
    app = {**(await client.get("/app", headers=bearer(make_jwt()))).json()}
    assert (app["id"], app["slug"]) == (4711, "triage-app")
    world = github.stand_in.world
    world.tokens[reply.json()["token"]].expires_at = world.clock()
    assert (await client.get(ISSUE, headers=token)).status_code == 401


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"iss": "1"}, "Integration not found"),
        ({"exp": int(time.time()) + 3600}, "too far in the future"),
        ({"exp": int(time.time()) - 1}, "representing a future time"),
        ({"iat": int(time.time()) + 3600}, "'Issued at' claim"),
    ],
)
async def test_a_jwt_is_held_to_githubs_rules(
    client: httpx.AsyncClient, make_jwt: MakeJwt, changes: dict[str, Any], message: str
) -> None:
    """It names the App, began in the past and ends within ten minutes; another key's is none."""
    refused = await client.post(TOKENS, headers=bearer(make_jwt(**changes)))
    assert refused.status_code == 401
    assert message in refused.json()["message"]
    other = jwt.encode({"iss": "4711", "iat": 1, "exp": 2}, "x" * 32, algorithm="HS256")
    assert "could not be decoded" in (await client.post(TOKENS, headers=bearer(other))).json()["message"]
    assert (await client.post("/app/installations/1/access_tokens", headers=bearer(make_jwt()))).status_code == 404
