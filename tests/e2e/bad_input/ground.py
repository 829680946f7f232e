"""What these tests ask of a house: a task by any door, what is said of it, and that nothing is shown or left behind."""

import asyncio
import json
import subprocess
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psutil
from agent_contracts import task_id_for
from agent_stores.pool import open_redis
from fixtures.control import payload, signature
from fixtures.house import RunningHouse, Worker
from house.paths import command
from redis.asyncio import Redis
from service_kit.http import HttpClient, Reply

SKILL = "answer"
TEXT = "Does it hold? SCENARIO:bad-input"
SLOW = "Does it hold? SCENARIO:bad-input-slow"
ANSWER: dict[str, Any] = {"structured": {"output": {"answer": "It holds."}, "claims": []}}
SCENARIOS: dict[str, dict[str, Any]] = {
    "bad-input": {"steps": [ANSWER]},
    "bad-input-slow": {"steps": [ANSWER | {"delay": 3}]},
}
STREAM = "agent:tasks"


@dataclass(frozen=True)
class Ground:
    """A house with a worker that answers."""

    house: RunningHouse
    worker: Worker

    def redis(self) -> Redis:
        """Open the house's Redis."""
        return open_redis(self.house.urls["REDIS_URL"])

    async def post(self, **fields: Any) -> Reply:
        """Submit a task over HTTP."""
        return await self.house.control("POST", "/v1/tasks", json={"skill": SKILL, "input": TEXT, **fields})

    async def send(self, redis: Redis) -> UUID:
        """Submit a task with one XADD and give the id that it will have."""
        entry: Any = await redis.xadd(STREAM, {"task": json.dumps({"skill": SKILL, "input": TEXT})})
        return task_id_for("default", STREAM, entry.decode())

    async def taken(self, redis: Redis, name: str, entry: bytes) -> dict[str, str]:
        """Wait for what a stream says of an entry of the inbox, and take it out: its bytes may be of any kind."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            rows: Any = await redis.xrange(name)
            for number, fields in rows:
                if (fields.get(b"stream"), fields.get(b"entry")) == (STREAM.encode(), entry):
                    await redis.xdel(name, number)
                    return {key.decode(): value.decode(errors="replace") for key, value in fields.items()}
            await asyncio.sleep(0.05)
        raise AssertionError(f"{name} says nothing of {entry.decode()}")

    async def enqueue(self) -> subprocess.CompletedProcess[str]:
        """Submit a task on the command line."""
        argv = [command("agent-engine"), "enqueue", SKILL, "--input", TEXT, "--json"]
        env = self.house.engine_env()
        return await asyncio.to_thread(subprocess.run, argv, env=env, capture_output=True, text=True, check=False)

    async def deliver(self, number: int) -> Reply:
        """Send a signed webhook of an issue that starts nothing here."""
        body = json.dumps(payload(number)).encode()
        headers = {
            "content-type": "application/json",
            "x-github-event": "issues",
            "x-github-delivery": f"bad-input-{number}",
            "x-hub-signature-256": signature(body, self.house.paths.secret("github-webhook.secret")),
        }
        async with HttpClient(base_url=self.house.paths.url("control")) as http:
            return await http.request("POST", "/v1/webhooks/github", content=body, headers=headers)

    async def succeed(self, *tasks: UUID) -> None:
        """Wait for tasks to end well, each with one final state; what a drain failed on comes again in 15 s."""
        await asyncio.gather(*(self.house.known(task, within=40) for task in tasks))
        for result in await asyncio.gather(*(self.house.result(task, within=90) for task in tasks)):
            assert (result.status, result.reason) == ("succeeded", None), result.message
            events = await self.house.events(result.task_id)
            assert [event.body.kind for event in events].count("finished") == 1

    def nothing_is_left(self) -> None:
        """Check that no run has left a process, and that no log shows a secret."""
        end = time.monotonic() + 10
        while left := [one for one in psutil.Process(self.worker.pid).children(recursive=True) if _runs(one)]:
            assert time.monotonic() < end, left
            time.sleep(0.1)
        logs = "".join(path.read_text(errors="replace") for path in (self.house.paths.home / "log").iterdir())
        assert not [name for name, secret in self.secrets().items() if secret in logs]

    def secrets(self) -> dict[str, str]:
        """Give every secret of the house by its name."""
        paths = self.house.paths
        files = [path for path in (paths.home / "secrets").iterdir() if path.suffix != ".json"]
        found = {path.name: path.read_text().strip() for path in files}
        for name in ("DATABASE_URL", "REDIS_URL"):
            found[name] = urlsplit(self.house.urls[name]).password or ""
        assert all(len(secret) >= 16 for secret in found.values())
        return found


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
