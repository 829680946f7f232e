"""Brings a house up and down, and asks it how it is: stores, migrations, skills, then each process until ready."""

import asyncio
import signal
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
from service_kit.settings import UpstreamSettings, load
from service_kit.untrusted_text import for_terminal

from house.access import unknown_tokens, write_access, write_policy, write_triggers
from house.file_lock import locked
from house.option_check import check_names, check_stores, check_values
from house.options import Options
from house.orphans import end_orphans, find_orphans
from house.paths import HousePaths, command
from house.port_check import check_ports
from house.ports import came_up_with, forget, remember, remembered
from house.processes import Process, engine_environment, processes, stores_of, urls_of
from house.readiness import NOT_READY, is_ready, readiness
from house.supervise import RUNNING, BeingStopped, Supervisor

READY_LIMIT_SECONDS = 60.0
SETTLED_SECONDS = 25.0
"""By then the processes have found each other: what one still warns of is told."""
LAST_SHOWN = 300
STOPPED_MEANWHILE = "the house was stopped before this was done, as by `make down`: start it again"
STARTED_ALREADY = "this house is being started already: wait for it, or stop it with `make down`"
OWNERS = (ledger_migrations, effects_migrations, *CONTROL_OWNERS)
Say = Callable[[str], None]


class House:
    """One local system: its folder and ports, the operator's choices, and its life from `up` to `down`."""

    def __init__(self, paths: HousePaths, options: Options, environ: Mapping[str, str]) -> None:
        self.paths = paths
        self.options = options
        self.environ = environ
        self._supervisor = Supervisor(paths)
        self._logged: dict[str, int] = {}

    def init(
        self,
        *,
        opened: Mapping[str, Mapping[str, list[str]]] | None = None,
        mode: str = "write",
        fire: bool = True,
    ) -> None:
        """Make what is missing: folders, keys, tokens, access, triggers and policy files.

        `opened` and `mode` are as in `write_access`; webhooks start tasks only with `fire`.

        Raises:
            ConfigError: something cannot be made or is not usable, or the house is being started.
        """
        with self._locked():
            self.paths.make()
            write_access(self.paths, opened=opened, mode=mode)
            write_triggers(self.paths, fire=fire)
            write_policy(self.paths)

    def processes(self) -> list[Process]:
        """List this house's processes."""
        return processes(self.paths, self.options, self.environ)

    def urls(self) -> dict[str, str]:
        """Return the stores' addresses."""
        return urls_of(self.paths, self.environ)

    def engine_env(self) -> dict[str, str]:
        """Return the environment of the engine's command line for this house."""
        return engine_environment(self.paths, self.options, self.environ, self.urls())

    def check(self) -> None:
        """Look for what would keep the house from coming up, and start nothing.

        Raises:
            ConfigError: a choice cannot be used, a credential is missing, a key or token is unknown, or a port taken.
        """
        key, public = (self.paths.home / "secrets" / name for name in ("signing-key.json", "jwks.json"))
        unknown = [unpublished(read_private(key), read_public(public), public), *unknown_tokens(self.paths)]
        if any(unknown):
            raise ConfigError("; ".join(filter(None, unknown)))
        check_stores(self.environ)
        listed = self.processes()
        check_names(self.environ, self.paths.vendors)
        check_values(listed, self.environ, self.paths.vendors)
        self._check_files()
        names = {process.name for process in listed}
        check_ports(self.paths, names | ({"postgres", "redis"} if "stores" in names else set()), self.environ)

    def _check_files(self) -> None:
        from control_api.sources.registry import installed_sources  # here alone: they are slow to import
        from control_api.webhooks.triggers import read_triggers

        read_triggers(self.paths.home / "triggers.yaml", installed_sources().all)
        for folder in filter(None, map(str.strip, self.environ.get("SKILLS_PATH", "").split(":"))):
            if not Path(folder).expanduser().is_dir():
                raise ConfigError(f"SKILLS_PATH names {folder}, which is no folder: make it, or leave it out")

    async def up(self, say: Say) -> None:
        """Start everything and wait until it is ready.

        Raises:
            ConfigError: it runs already, `check` fails, or a process does not become ready; nothing is left running.
        """
        with self._locked():
            await self._up(say)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.paths.make_home()
        with locked(self.paths.home / "up.lock", STARTED_ALREADY):
            yield

    async def _up(self, say: Say) -> None:
        if self._supervisor.check_answers():
            raise ConfigError("this house is up already: `make health` shows it, `make down` stops it")
        self.paths.make()
        left = self._end_orphans()
        if left:
            say(f"{left} processes that a killed supervisord had left behind are stopped")
        self.check()
        unused = load(UpstreamSettings, self.environ).unused_proxy(self.environ)
        if self.options.real and unused:
            say(unused)
        listed = self.processes()
        remember(self.paths, self.environ)
        self._logged = {log.stem: log.stat().st_size for log in (self.paths.home / "log").glob("*.log")}
        try:
            self._supervisor.launch(listed)
            with self.needed():
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
        done = await run_engine(self, "skills", "register")
        if done.returncode != 0:
            raise ConfigError(f"`agent-engine skills register` failed: {done.stderr.strip()[-2000:]}")
        others = [name for name in names if name != "stores"]
        pids = {name: self._supervisor.start(name) for name in others}
        # Control last: it compares what the gateways find out when they are asked.
        first = {name: pid for name, pid in pids.items() if name != "control"}
        await self._until_all_ready(first, say)
        await self._until_all_ready({name: pid for name, pid in pids.items() if name not in first}, say)

    @contextmanager
    def needed(self) -> Iterator[None]:
        """Run a block that fails without this house. Raises ConfigError where somebody stopped it meanwhile."""
        try:
            yield
        except Exception:
            try:
                up = self._supervisor.check_answers()
            except BeingStopped:
                up = False
            if up:
                raise
            raise ConfigError(STOPPED_MEANWHILE) from None

    def runs(self) -> bool:
        """Return whether the house's supervisord runs, also while it is being stopped."""
        return self._supervisor.process() is not None

    def down(self) -> bool:
        """Stop everything, and what a killed supervisord left behind; say whether anything ran."""
        stopped = self._supervisor.stop()
        if not (self.paths.home / "secrets").is_dir():
            return stopped
        try:
            left = self._end_orphans()
        except ConfigError:
            return stopped
        forget(self.paths)
        return stopped or left > 0

    def _end_orphans(self) -> int:
        places = [paths for paths in (self.paths, remembered(self.paths)) if paths is not None]
        environ = came_up_with(self.paths, self.environ)
        return end_orphans(
            find_orphans(process for paths in places for process in processes(paths, Options(), environ))
        )

    async def health(self) -> dict[str, str]:
        """Return the state of each process in a word or a sentence; `ready` is the good one. Empty: it is not up."""
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
        since = max(0, state["now"] - max(state["start"], state["stop"]))
        last = (self._last_lines(name, 1) or ["nothing"])[0][:LAST_SHOWN]
        return f"{state['statename'].lower()} for {since} s; {self._log(name)} ends: {last}"

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
        began = time.monotonic()
        state = "not asked"
        while time.monotonic() < began + READY_LIMIT_SECONDS:
            state = await readiness(self.paths, name, pid)
            if state == "ready" or (is_ready(state) and time.monotonic() > began + SETTLED_SECONDS):
                stand_in = " (a stand-in, not the real thing)" if name.startswith("stand-in-") else ""
                say(f"{name} is ready on port {self.paths.ports[name]}{stand_in}{state.removeprefix('ready')}")
                return
            if self._supervisor.ended(name, pid):
                break
            await asyncio.sleep(0.1)
        raise ConfigError(f"{name} did not become ready ({state}):\n{self._tail(name)}")

    async def _wait_for_stores(self, pid: int) -> None:
        plan = stores_of(self.paths, self.environ)
        deadline = time.monotonic() + READY_LIMIT_SECONDS
        while up(plan) is None:
            if time.monotonic() > deadline or self._supervisor.ended("stores", pid):
                raise ConfigError(f"the stores did not become ready:\n{self._tail('stores')}")
            await asyncio.sleep(0.05)

    def _tail(self, name: str) -> str:
        lines = self._last_lines(name, 5, since=self._logged.get(name, 0))
        return "\n".join([*lines, f"whole log: {self._log(name)}"])

    def _last_lines(self, name: str, count: int, *, since: int = 0) -> list[str]:
        """Return the last lines of a process's log, each once, from a position in it on."""
        written = self._log(name).read_bytes()[since:] if self._log(name).exists() else b""
        lines = dict.fromkeys(map(for_terminal, written.decode(errors="replace").splitlines()[-20:]))
        return list(lines)[-count:]

    def _log(self, name: str) -> Path:
        return self.paths.home / "log" / f"{name}.log"


async def run_engine(house: House, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `agent-engine` with a house's environment to its end."""
    argv, env = [command("agent-engine"), *arguments], house.engine_env()
    return await asyncio.to_thread(subprocess.run, argv, env=env, capture_output=True, text=True, check=False)


def cancel_on_signals() -> None:
    """Let SIGTERM and SIGHUP cancel the running task, as Ctrl-C does, so that nothing is left running."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
