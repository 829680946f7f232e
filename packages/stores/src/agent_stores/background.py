"""The embedded stores in the background: started, stopped, asked how they are, and their addresses."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from agent_stores.embedded import Plan, servers
from agent_stores.errors import StoreError, without_password
from agent_stores.folder import Folder, RunState
from agent_stores.run_as import choose

START_SECONDS = 90
STOP_SECONDS = 60


class StoreStatus(NamedTuple):
    """How one store is: its name, whether it answers, and its address without the password."""

    name: str
    up: bool
    where: str


def _folder(plan: Plan) -> Folder:
    return Folder(plan.folder.resolve())


def up(plan: Plan) -> RunState | None:
    """Return what the run that holds the folder has up, or None where none does or it is not ready."""
    state = _folder(plan).run()
    return state if state is not None and state.ready else None


def with_actual_ports(plan: Plan) -> Plan:
    """Return the plan with the ports that the run in the folder really uses, where there is one."""
    state = up(plan)
    if state is None:
        return plan
    return replace(
        plan,
        postgres_port=state.postgres_port or plan.postgres_port,
        redis_port=state.redis_port or plan.redis_port,
    )


def urls(plan: Plan) -> tuple[str, str]:
    """Return DATABASE_URL and REDIS_URL: the given ones, else the embedded ones. Raises StoreError."""
    real = with_actual_ports(plan)
    needed = [real.postgres_port] * (plan.database_url is None) + [real.redis_port] * (plan.redis_url is None)
    if 0 in needed:
        raise StoreError("port 0 stands for a free port, known once the stores are up: start them, or name the ports.")
    postgres, valkey = servers(real, _folder(plan))
    database_url = postgres.url if postgres else plan.database_url
    redis_url = valkey.url if valkey else plan.redis_url
    assert database_url is not None
    assert redis_url is not None
    return database_url, redis_url


def start_run(plan: Plan) -> tuple[RunState, bool]:
    """Start a run in the background and wait until it is up; the second value says whether it was up before.

    Raises:
        StoreError: it did not come up; says why.
    """
    folder = _folder(plan)
    folder.open(choose())
    log = folder.path / "log" / "run.log"
    before = folder.run() is not None
    seen = log.stat().st_size if log.exists() else 0
    child = None if before else _run_in_background(plan, log)
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        state = up(plan)
        if state is not None:
            return state, before
        # Where another start was first, its run counts.
        if child is not None and child.poll() is not None and folder.run() is None:
            break
        time.sleep(0.01)
    said = log.read_bytes()[seen:].decode(errors="replace").splitlines()
    errors = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
    raise StoreError(errors[-1] if errors else f"the stores did not start; see {log}.")


def _run_in_background(plan: Plan, log: Path) -> subprocess.Popen[bytes]:
    ports = [f"--postgres-port={plan.postgres_port}", f"--redis-port={plan.redis_port}"]
    given = {"DATABASE_URL": plan.database_url or "", "REDIS_URL": plan.redis_url or ""}
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "agent_stores", "run", f"--dir={plan.folder}", *ports],
            env=os.environ | given,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


async def stop_run(plan: Plan) -> list[str]:
    """Stop the run that holds the folder, and what a killed run left behind; give the names of what was stopped.

    Raises:
        StoreError: something did not stop.
    """
    folder = _folder(plan)
    names: list[str] = []
    state = folder.run()
    if state is not None:
        os.kill(state.pid, signal.SIGTERM)
        for _ in range(STOP_SECONDS * 50):
            if folder.run() is None:
                break
            await asyncio.sleep(0.02)
        else:
            raise StoreError(
                f"the run with pid {state.pid} did not stop within {STOP_SECONDS} s; see {folder.path / 'log'}."
            )
        names.append(f"the run with pid {state.pid}")
    whole = replace(plan, database_url=None, redis_url=None)
    left = servers(whole, folder, passwords=False) if folder.path.exists() else ()
    return names + [
        f"{one.name}, left by a run that was killed" for one in left if one is not None and await one.stop()
    ]


async def status(plan: Plan) -> list[StoreStatus]:
    """Ask both embedded stores how they are; a given address is listed, not asked. Raises StoreError."""
    parts: list[StoreStatus] = []
    postgres, valkey = servers(with_actual_ports(plan), _folder(plan))
    for name, server, given in (("PostgreSQL", postgres, plan.database_url), ("Redis", valkey, plan.redis_url)):
        if server is None:
            parts.append(StoreStatus(name, up=True, where=f"{without_password(given or '')} (given)"))
        else:
            answers = server.process() is not None and await server.ready()
            parts.append(StoreStatus(name, up=answers, where=without_password(server.url)))
    return parts
