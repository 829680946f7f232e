"""Brings a house up and down, and asks it how it is: stores, migrations, skills, then each process until ready."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent_effects import migrations as effects_migrations
from agent_ledger import migrations as ledger_migrations
from agent_stores.background import up
from agent_stores.migrate import migrate
from control_api.migrations import OWNERS as CONTROL_OWNERS
from service_kit.errors import ConfigError
from service_kit.keys import read_private, read_public, unpublished
from service_kit.untrusted_text import for_terminal

from house.access import unknown_tokens, write_access, write_policy, write_triggers
from house.lockfile import alone
from house.option_check import check_names, check_values
from house.options import Options
from house.orphans import end, strays
from house.paths import HousePaths, command
from house.port_check import refuse_taken
from house.ports import came_up_with, forget, remember, remembered
from house.processes import Process, engine_environment, processes, stores_of, urls_of
from house.readiness import NOT_READY, is_ready, readiness
from house.supervise import RUNNING, Supervisor

READY_LIMIT_SECONDS = 60.0
LAST_BYTES = 8192
LAST_SHOWN = 300
STARTED_ALREADY = "this house is being started already: wait for it, or stop it with `make down`"
OWNERS = (ledger_migrations, effects_migrations, *CONTROL_OWNERS)
Say = Callable[[str], None]


class House:
    """A place with what was chosen for it."""

    def __init__(self, paths: HousePaths, options: Options, environ: Mapping[str, str]) -> None:
        self.paths = paths
        self.options = options
        self._environ = environ
        self._supervisor = Supervisor(paths)
        self._logged: dict[str, int] = {}

    def init(self, *, repositories: list[str] | None = None, mode: str = "write", triage: bool = True) -> None:
        """Make what is missing: folders, keys, tokens, access, triggers and policy files.

        Raises:
            ConfigError: something cannot be made or is not usable, or the house is being started.
        """
        with self._alone():
            self.paths.make()
            write_access(self.paths, repositories=repositories, mode=mode)
            write_triggers(self.paths, triage=triage)
            write_policy(self.paths)

    def processes(self) -> list[Process]:
        """List this house's processes."""
        return processes(self.paths, self.options, self._environ)

    def urls(self) -> dict[str, str]:
        """Give the stores' addresses."""
        return urls_of(self.paths, self._environ)

    def engine_env(self) -> dict[str, str]:
        """Give the environment of the engine's command line for this house."""
        return engine_environment(self.paths, self.options, self._environ, self.urls())

    def check(self) -> None:
        """Look for what would keep the house from coming up, and start nothing.

        Raises:
            ConfigError: a choice cannot be used, a credential is missing, a key or token is unknown, or a port taken.
        """
        key, public = (self.paths.home / "secrets" / name for name in ("signing-key.json", "jwks.json"))
        unknown = [unpublished(read_private(key), read_public(public), public), *unknown_tokens(self.paths)]
        if any(unknown):
            raise ConfigError("; ".join(filter(None, unknown)))
        listed = self.processes()
        check_names(self._environ, self.paths.vendors)
        check_values(listed, self._environ, self.paths.vendors)
        names = {process.name for process in listed}
        refuse_taken(self.paths, names | ({"postgres", "redis"} if "stores" in names else set()), self._environ)

    async def up(self, say: Say) -> None:
        """Start everything and wait until it is ready.

        Raises:
            ConfigError: it runs already, `check` fails, or a process does not become ready; nothing is left running.
        """
        with self._alone():
            await self._up(say)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.paths.make_home()
        with alone(self.paths.home / "up.lock", STARTED_ALREADY):
            yield

    async def _up(self, say: Say) -> None:
        if self._supervisor.check_answers():
            raise ConfigError("this house is up already: `make health` shows it, `make down` stops it")
        self.paths.make()
        left = self._end_strays()
        if left:
            say(f"{left} processes that a killed supervisord had left behind are stopped")
        self.check()
        listed = self.processes()
        remember(self.paths, self._environ)
        self._logged = {process.name: _size(self._log(process.name)) for process in listed}
        try:
            self._supervisor.launch(listed)
            await self._start(listed, say)
        except BaseException:
            say("stopping what was started")
            self.down()
            raise

    async def _start(self, listed: list[Process], say: Say) -> None:
        names = [process.name for process in listed]
        if "stores" in names:
            await self._wait_for_stores(self._supervisor.start("stores"))
        say(
            "stores are up: PostgreSQL and Valkey"
            if "stores" in names
            else "using the stores of DATABASE_URL and REDIS_URL"
        )
        for owner in OWNERS:
            await migrate(self.urls()["DATABASE_URL"], schema=owner.SCHEMA, versions=owner.VERSIONS)
        await asyncio.to_thread(self._run, [command("agent-engine"), "skills", "register"])
        others = [name for name in names if name != "stores"]
        pids = {name: self._supervisor.start(name) for name in others}
        await self._until_all_ready(pids, say)

    def down(self) -> bool:
        """Stop everything, and what a killed supervisord left behind; say whether anything ran."""
        stopped = self._supervisor.stop()
        if not (self.paths.home / "secrets").is_dir():
            return stopped
        try:
            left = self._end_strays()
        except ConfigError:
            return stopped
        forget(self.paths)
        return stopped or left > 0

    def _end_strays(self) -> int:
        places = [paths for paths in (self.paths, remembered(self.paths)) if paths is not None]
        environ = came_up_with(self.paths, self._environ)
        return end(strays(process for paths in places for process in processes(paths, Options(), environ)))

    async def health(self) -> dict[str, str]:
        """Give the state of each process in a word or a sentence; `ready` is the good one. Empty: it is not up."""
        if not self._supervisor.check_answers():
            return {}
        report: dict[str, str] = {}
        for name, state in self._supervisor.states().items():
            shown = str(state["statename"])
            told = await readiness(self.paths, name, state["pid"]) if shown in RUNNING else "not running"
            itself = is_ready(told) or told.startswith(NOT_READY)
            report[name] = told if itself else f"{told} ({self._seen(name, state)})"
        return report

    def _seen(self, name: str, state: Mapping[str, Any]) -> str:
        """Tell how long supervisord has seen a process in its state, and what that wrote last."""
        since = max(0, state["now"] - max(state["start"], state["stop"]))
        written = self._log(name).read_bytes()[-LAST_BYTES:] if self._log(name).exists() else b""
        last = (written.decode(errors="replace").splitlines() or ["nothing"])[-1]
        return f"{state['statename'].lower()} for {since} s; {self._log(name)} ends: {for_terminal(last)[:LAST_SHOWN]}"

    async def _until_all_ready(self, pids: Mapping[str, int], say: Say) -> None:
        """Wait for all; where one does not become ready, the others are waited for no longer."""
        waiting = [asyncio.create_task(self._until_ready(name, pid, say)) for name, pid in pids.items()]
        try:
            await asyncio.gather(*waiting)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _until_ready(self, name: str, pid: int, say: Say) -> None:
        deadline = time.monotonic() + READY_LIMIT_SECONDS
        state = "not asked"
        while time.monotonic() < deadline:
            state = await readiness(self.paths, name, pid)
            if is_ready(state):
                stand_in = " (a stand-in, not the real thing)" if name.startswith("stand-in-") else ""
                say(f"{name} is ready on port {self.paths.ports[name]}{stand_in}{state.removeprefix('ready')}")
                return
            if self._supervisor.ended(name, pid):
                break
            await asyncio.sleep(0.1)
        raise ConfigError(f"{name} did not become ready ({state}):\n{self._tail(name)}")

    async def _wait_for_stores(self, pid: int) -> None:
        plan = stores_of(self.paths, self._environ)
        deadline = time.monotonic() + READY_LIMIT_SECONDS
        while up(plan) is None:
            if time.monotonic() > deadline or self._supervisor.ended("stores", pid):
                raise ConfigError(f"the stores did not become ready:\n{self._tail('stores')}")
            await asyncio.sleep(0.05)

    def _try(self, argv: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(argv, env=self.engine_env(), capture_output=True, text=True, check=False)

    def _run(self, argv: list[str]) -> None:
        done = self._try(argv)
        if done.returncode != 0:
            name = " ".join([Path(argv[0]).name, *argv[1:]])
            raise ConfigError(f"`{name}` failed: {done.stderr.strip()[-2000:]}")

    def _tail(self, name: str) -> str:
        """Quote the end of what a process has written since this start, each line once."""
        path, before = self._log(name), self._logged.get(name, 0)
        size = _size(path)
        written = path.read_bytes()[before if before <= size else 0 :] if size else b""
        lines = dict.fromkeys(written.decode(errors="replace").splitlines()[-20:])
        return "\n".join([*(for_terminal(line) for line in list(lines)[-5:]), f"whole log: {path}"])

    def _log(self, name: str) -> Path:
        return self.paths.home / "log" / f"{name}.log"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
