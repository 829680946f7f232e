"""The embedded stores in the background: started, stopped, asked how they are, and their addresses."""

import asyncio
import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

from agent_stores.address import shown
from agent_stores.embedded import Plan, in_foreground, servers
from agent_stores.errors import StoreError
from agent_stores.folder import Folder, RunState
from agent_stores.server import running, stop

START_SECONDS = 90
STOP_SECONDS = 60


@dataclass(frozen=True)
class StoreStatus:
    """How one store is.

    Attributes:
        name: `PostgreSQL` or `Redis`.
        up: whether it answers.
        where: its address without the password.
    """

    name: str
    up: bool
    where: str


def _folder(plan: Plan) -> Folder:
    return Folder(plan.folder.resolve())


def up(plan: Plan) -> RunState | None:
    """Return what the run that holds the folder has up, or None where none does or it is not ready."""
    folder = _folder(plan)
    holder, state = folder.holder(), folder.read()
    return state if state is not None and state.pid == holder else None


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
    """Return DATABASE_URL and REDIS_URL: the given ones, else the embedded ones.

    Raises:
        StoreError: the folder cannot be used.
    """
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
    servers(plan, folder)
    log = folder.path / "log" / "run.log"
    before = folder.holder()
    seen = log.stat().st_size if log.exists() else 0
    child = None if before is not None else _fork(plan, log)
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        state = up(plan)
        if state is not None:
            return state, before is not None
        if child is not None and os.waitpid(child, os.WNOHANG) != (0, 0):
            child = None
            # Another start may have been first: then its run counts.
            if folder.holder() is None:
                break
        time.sleep(0.01)
    with log.open("rb") as output:
        output.seek(seen)
        errors = [line for line in output.read().decode(errors="replace").splitlines() if line.startswith("error: ")]
    raise StoreError(errors[-1].removeprefix("error: ") if errors else f"the stores did not start; see {log}.")


def _fork(plan: Plan, log: Path) -> int:
    # A fork, not a new interpreter, whose imports would take longer than the servers take to start.
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.setsid()
        output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for number, opened in enumerate((os.open(os.devnull, os.O_RDONLY), output, output)):
            os.dup2(opened, number)
        status = in_foreground(plan)
    finally:
        os._exit(status)


async def stop_run(plan: Plan) -> list[str]:
    """Stop the run that holds the folder, and what a killed run left behind; give the names of what was stopped.

    Raises:
        StoreError: something did not stop.
    """
    folder = _folder(plan)
    names: list[str] = []
    pid = folder.holder()
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        for _ in range(STOP_SECONDS * 50):
            if folder.holder() is None:
                break
            await asyncio.sleep(0.02)
        else:
            raise StoreError(f"the run with pid {pid} did not stop within {STOP_SECONDS} s; see {folder.path / 'log'}.")
        names.append(f"the run with pid {pid}")
    whole = replace(plan, database_url=None, redis_url=None)
    left = servers(whole, folder, passwords=False) if folder.path.exists() else ()
    for server in left:
        if server is not None and await stop(server):
            names += [f"{server.name}, left by a run that was killed"]
    return names


async def status(plan: Plan) -> list[StoreStatus]:
    """Ask both embedded stores how they are; a given address is listed as given, not asked.

    Raises:
        StoreError: the folder cannot be used.
    """
    parts: list[StoreStatus] = []
    postgres, valkey = servers(with_actual_ports(plan), _folder(plan))
    for name, server, given in (("PostgreSQL", postgres, plan.database_url), ("Redis", valkey, plan.redis_url)):
        if server is None:
            parts.append(StoreStatus(name, up=True, where=f"{shown(given or '')} (given)"))
        else:
            answers = running(server) is not None and await server.ready()
            parts.append(StoreStatus(name, up=answers, where=shown(server.url)))
    return parts
