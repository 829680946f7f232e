"""Exchanges of a GitHub App."""

from pathlib import Path

import httpx
from fixtures.app_keys import write_app_key
from service_kit.app_key import AppKey
from stand_ins.github.app import StandInApp
from stand_ins.github.apps import App


async def exchange(client: httpx.AsyncClient, github: StandInApp, folder: Path) -> None:
    """Try the operations of an App, with its JWT, with another one and with none."""
    public, world = write_app_key(folder / "app.pem"), github.stand_in.world
    world.add_app(App(4711, "triage-app", 99, public, world.clock()), "agent-bot")
    jwt = {"Authorization": f"Bearer {AppKey('4711', folder / 'app.pem', 'APP_KEY').sign()}"}
    tokens = "/app/installations/99/access_tokens"
    assert (await client.get("/app", headers=jwt)).status_code == 200
    token = (await client.post(tokens, headers=jwt)).json()["token"]
    assert (await client.get("/user", headers={"Authorization": f"Bearer {token}"})).status_code == 403
    assert (await client.post(tokens)).status_code == 401
    assert (await client.post("/app/installations/1/access_tokens", headers=jwt)).status_code == 404
