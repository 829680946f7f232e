"""The embedded stores as one thing: both servers in the foreground, until told to stop or one of them ends."""

import asyncio
import logging
import os
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from agent_stores.errors import ServerEnded
from agent_stores.folder import Folder, RunState
from agent_stores.postgres import Postgres
from agent_stores.run_as import choose
from agent_stores.server import Server
from agent_stores.valkey import Valkey

log = logging.getLogger(__name__)
ServerType = TypeVar("ServerType", bound=Server)


@dataclass(frozen=True)
class Plan:
    """What to run, and where: a port of 0 is a free one, and a store whose address is given is not started.

    Attributes:
        throwaway: for tests: fast, and nothing outlives the machine.
        until_eof: end when standard input does, so that no run outlives the program that holds the other end.
    """

    folder: Path
    postgres_port: int = 5432
    redis_port: int = 6379
    database_url: str | None = None
    redis_url: str | None = None
    throwaway: bool = False
    until_eof: bool = False


def servers(plan: Plan, folder: Folder, *, passwords: bool = True) -> tuple[Postgres | None, Valkey | None]:
    """Return the servers that the plan needs, not started; without `passwords` they can only be stopped.

    Raises:
        StoreError: the folder cannot be used.
    """
    account = choose()
    folder.open(account)

    def made(kind: type[ServerType], name: str, port: int) -> ServerType:
        return kind(
            folder=folder.path / name,
            log=folder.path / "log" / f"{name}.log",
            port=port or _free_port(),
            password=folder.password(name) if passwords else "",
            account=account,
            throwaway=plan.throwaway,
        )

    postgres = made(Postgres, "postgres", plan.postgres_port) if plan.database_url is None else None
    valkey = made(Valkey, "redis", plan.redis_port) if plan.redis_url is None else None
    return postgres, valkey


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def run(plan: Plan) -> None:
    """Run the servers that are needed until SIGTERM or SIGINT, then stop them without loss.

    Raises:
        ServerEnded: a server ended by itself.
        StoreError: another run holds the folder, or a server did not start.
    """
    folder = Folder(plan.folder.resolve())
    folder.open(choose())
    with folder.held():
        stopping = _told_to_stop(plan.until_eof)
        postgres, valkey = servers(plan, folder)
        async with _started([server for server in (postgres, valkey) if server is not None]) as processes:
            postgres_port, redis_port = (server.port if server else None for server in (postgres, valkey))
            folder.keep(RunState(os.getpid(), postgres_port, redis_port, ready=True))
            log.info("ready: %s", ", ".join(f"{each.name} on 127.0.0.1:{each.port}" for each in processes) or "nothing")
            await _watch(processes, stopping)
            folder.keep(RunState(os.getpid()))
        log.info("stopped")


@asynccontextmanager
async def _started(servers: list[Server]) -> AsyncIterator[dict[Server, Process]]:
    for server in servers:
        await server.clear()
        server.check_port()
    processes: dict[Server, Process] = {}

    async def bring_up(server: Server) -> None:
        processes[server] = await server.start()

    try:
        # Each comes to its end, never cancelled: what is cancelled while it starts a process may leave that behind.
        ends = await asyncio.gather(*map(bring_up, servers), return_exceptions=True)
        for error in ends:
            if isinstance(error, BaseException):
                raise error
        yield processes
    finally:
        await asyncio.gather(*(server.end(process) for server, process in processes.items()))


def _told_to_stop(until_eof: bool) -> asyncio.Event:
    """Return what is set by a signal to end, and by the end of standard input if that counts."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)

    def at_input() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stopping.set()

    if until_eof:
        loop.add_reader(0, at_input)
    return stopping


async def _watch(processes: dict[Server, Process], stopping: asyncio.Event) -> None:
    told = asyncio.create_task(stopping.wait())
    ends = {asyncio.create_task(process.wait()): server for server, process in processes.items()}
    try:
        done, _ = await asyncio.wait({told, *ends}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (told, *ends):
            task.cancel()
        await asyncio.gather(told, *ends, return_exceptions=True)
    died = [ends[task] for task in done if task is not told]
    if died and told not in done:
        raise ServerEnded(died[0].why_ended(died[0].log.read_bytes()[-4000:]))
