"""The demo's ways to ask for work: a signed webhook, one XADD, HTTP, or the command line."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from agent_contracts import uuid7
from agent_stores.pool import open_redis
from service_kit.errors import ConfigError
from service_kit.http import HttpClient

from house.lifecycle import House, run_engine

DELIVERY_LIMIT_SECONDS = 15.0
TITLE = "Crash with a KeyError when the config file is empty"
BODY = """\
When `hello.toml` exists but is empty, the program stops with an error:

    KeyError: 'greeting'

Steps: create an empty `hello.toml`, run `hello`. I expected the default greeting. Version 1.4.2 on Debian 12.
"""


async def open_issue(house: House) -> tuple[int, dict[str, Any]]:
    """Open an issue at the stand-in GitHub as somebody else; give its number and what the webhook's delivery got."""
    issue = {"repository": "octocat/hello-world", "title": TITLE, "body": BODY, "user": "mona"}
    async with HttpClient(base_url=house.paths.url("stand-in-github")) as http:
        reply = await http.request("POST", "/_stand-in/issues", json=issue)
        number = int(reply.json()["number"])
        return number, await _delivery(http, number)


async def _delivery(http: HttpClient, number: int) -> dict[str, Any]:
    deadline = time.monotonic() + DELIVERY_LIMIT_SECONDS
    while time.monotonic() < deadline:
        listed = (await http.request("GET", "/_stand-in/deliveries")).json()
        for delivery in listed:
            if delivery["event"] == "issues" and delivery["issue"] == number and delivery["status"] is not None:
                return dict(delivery)
        await asyncio.sleep(0.1)
    raise ConfigError(f"the webhook for issue {number} was not delivered within {DELIVERY_LIMIT_SECONDS:.0f} s")


async def by_webhook(house: House, delivery: Mapping[str, Any]) -> str:
    """Take the task's id from control's answer to the signed webhook."""
    if delivery["status"] != 202:
        raise ConfigError(f"control answered the webhook with {delivery['status']}: {delivery['reply']}")
    return str(json.loads(delivery["reply"])["tasks"][0]["id"])


async def by_redis(house: House, task: Mapping[str, Any]) -> str:
    """Ask with one XADD, as any program in any language can."""
    identifier = str(uuid7())
    redis = open_redis(house.urls()["REDIS_URL"])
    try:
        await redis.xadd("agent:tasks", {"task": json.dumps({**task, "id": identifier})})
    finally:
        await redis.aclose()
    return identifier


async def by_http(house: House, task: Mapping[str, Any]) -> str:
    """Ask over HTTP; accepted means committed."""
    headers = {"Authorization": f"Bearer {house.paths.secret('control.door')}"}
    async with HttpClient(base_url=house.paths.url("control"), headers=headers) as http:
        reply = await http.request("POST", "/v1/tasks", json=dict(task))
    if not reply.ok:
        raise ConfigError(f"control refused the task with {reply.status}: {reply.text[:500]}")
    return str(reply.json()["id"])


async def by_command_line(house: House, task: Mapping[str, Any]) -> str:
    """Ask with `agent-engine enqueue`."""
    done = await run_engine(house, "enqueue", str(task["skill"]), "--input", json.dumps(task["input"]), "--json")
    if done.returncode != 0:
        raise ConfigError(f"agent-engine enqueue failed: {done.stderr.strip()}")
    return str(json.loads(done.stdout)["id"])
