"""Brings a house up and down, and asks it how it is: stores, migrations, skills, then each process until ready."""

import asyncio
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from agent_effects import migrations as effects_migrations
from agent_ledger import migrations as ledger_migrations
from agent_stores.background import up
from agent_stores.migrate import migrate
from control_api import migrations as control_migrations
from service_kit.errors import ConfigError, UpstreamError
from service_kit.http import HttpClient

from house.access import write_access, write_policy, write_triggers
from house.options import check_names, check_values
from house.place import Place, command, variable_of
from house.ports import forget, remember, remembered
from house.processes import Choice, Process, engine_environment, processes, ready_url, stores_of, urls_of
from house.strays import end, strays
from house.supervise import Supervisor

READY_LIMIT_SECONDS = 60.0
ENDED = ("FATAL", "EXITED", "BACKOFF")
OWNERS = (ledger_migrations, effects_migrations, control_migrations)
Say = Callable[[str], None]


class House:
    """A place with what was chosen for it."""

    def __init__(self, place: Place, choice: Choice, environ: Mapping[str, str]) -> None:
        self.place = place
        self.choice = choice
        self._environ = environ
        self._supervisor = Supervisor(place)

    def init(self, *, repositories: list[str] | None = None, mode: str = "write", triage: bool = True) -> None:
        """Make what is missing: folders, keys, tokens, access, triggers and policy files."""
        self.place.make()
        write_access(self.place, repositories=repositories or ["octocat/hello-world"], mode=mode)
        write_triggers(self.place, triage=triage)
        write_policy(self.place)

    def processes(self) -> list[Process]:
        """List this house's processes."""
        return processes(self.place, self.choice, self._environ)

    def urls(self) -> dict[str, str]:
        """Give the stores' addresses."""
        return urls_of(self.place, self._environ)

    def engine_env(self) -> dict[str, str]:
        """Give the environment of the engine's command line for this house."""
        return engine_environment(self.place, self.choice, self._environ, self.urls())

    def check(self) -> None:
        """Look for what would keep the house from coming up, and start nothing.

        Raises:
            ConfigError: a choice cannot be used, a credential is missing, or a port is taken.
        """
        listed = self.processes()
        check_names(self._environ)
        check_values(listed, self._environ)
        self._refuse_taken_ports(listed)

    async def up(self, say: Say) -> None:
        """Start everything and wait until it is ready.

        Raises:
            ConfigError: it runs already, `check` fails, or a process does not become ready; nothing is left running.
        """
        if self._supervisor.running():
            raise ConfigError("this house is up already: `make health` shows it, `make down` stops it")
        self.place.make()
        left = self._end_strays()
        if left:
            say(f"{left} processes that a killed supervisord had left behind are stopped")
        self.check()
        listed = self.processes()
        remember(self.place)
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
            self._supervisor.start("stores")
        await self._wait_for_stores("stores" in names)
        say(
            "stores are up: PostgreSQL and Valkey"
            if "stores" in names
            else "using the stores of DATABASE_URL and REDIS_URL"
        )
        for owner in OWNERS:
            await migrate(self.urls()["DATABASE_URL"], schema=owner.SCHEMA, versions=owner.VERSIONS)
        await asyncio.to_thread(self._run, [command("agent-engine"), "skills", "register"])
        others = [name for name in names if name != "stores"]
        for name in others:
            self._supervisor.start(name)
        await asyncio.gather(*(self._until_ready(name, say) for name in others))

    def down(self) -> bool:
        """Stop everything, and what a killed supervisord left behind; say whether anything ran."""
        stopped = self._supervisor.stop()
        if not (self.place.home / "secrets").is_dir():
            return stopped
        try:
            left = self._end_strays()
        except ConfigError:
            return stopped
        forget(self.place)
        return stopped or left > 0

    def _end_strays(self) -> int:
        places = [place for place in (self.place, remembered(self.place)) if place is not None]
        return end(strays(process for place in places for process in processes(place, Choice(), self._environ)))

    async def health(self) -> dict[str, str]:
        """Give the state of each process in a word or a sentence; `ready` is the good one. Empty: it is not up."""
        if not self._supervisor.running():
            return {}
        report: dict[str, str] = {}
        for name, state in self._supervisor.states().items():
            shown = str(state["statename"])
            report[name] = await self._readiness(name) if shown == "RUNNING" else shown.lower()
        return report

    async def _readiness(self, name: str) -> str:
        url = ready_url(self.place, name)
        if url is None:
            return "ready"
        async with HttpClient(timeout=5, retries=0) as http:
            try:
                reply = await http.request("GET", url)
            except UpstreamError as error:
                return f"no answer: {error}"
        if reply.ok:
            return "ready"
        checks = reply.json().get("checks", {})
        return "not ready: " + "; ".join(f"{name}: {text}" for name, text in checks.items() if text != "ok")

    async def _until_ready(self, name: str, say: Say) -> None:
        deadline = time.monotonic() + READY_LIMIT_SECONDS
        state = "not asked"
        while time.monotonic() < deadline:
            state = await self._readiness(name)
            if state == "ready":
                stand_in = " (a stand-in, not the real thing)" if name.startswith("stand-in-") else ""
                say(f"{name} is ready on port {self.place.ports[name]}{stand_in}")
                return
            if self._supervisor.states()[name]["statename"] in ENDED:
                break
            await asyncio.sleep(0.1)
        raise ConfigError(f"{name} did not become ready ({state}):\n{self._tail(name)}")

    async def _wait_for_stores(self, ours: bool) -> None:
        plan = stores_of(self.place, self._environ)
        deadline = time.monotonic() + READY_LIMIT_SECONDS
        while ours and up(plan) is None:
            if time.monotonic() > deadline or self._supervisor.states()["stores"]["statename"] in ENDED:
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
        path = self.place.home / "log" / f"{name}.log"
        lines = path.read_text(errors="replace").splitlines()[-20:] if path.exists() else []
        each_once = list(dict.fromkeys(lines))[-5:]
        return "\n".join(each_once) + f"\nwhole log: {path}"

    def _refuse_taken_ports(self, listed: list[Process]) -> None:
        stores = {"postgres", "redis"} if any(process.name == "stores" for process in listed) else set()
        wanted = {process.name for process in listed} | stores
        for name, port in self.place.ports.items():
            if name not in wanted:
                continue
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as error:
                    raise ConfigError(
                        f"port {port} for {name} cannot be used ({error.strerror}): stop what uses it, set "
                        f"{variable_of(name)} to a free port, or move all ports with PORT_OFFSET=1000"
                    ) from None
