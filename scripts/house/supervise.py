"""Starts and stops a house's processes under supervisord. Owns `supervisord.conf`, `supervisord.pid` and the socket."""

import contextlib
import http.client
import math
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
from service_kit.errors import ConfigError
from service_kit.keys import write_private
from supervisor.xmlrpc import SupervisorTransport

from house.paths import ROOT, HousePaths
from house.processes import Process

START_LIMIT_SECONDS = 15.0
STOP_SECONDS = 20
"""What a process has to end after SIGTERM; a worker has this beyond the grace that its runs have."""
GRACE_SECONDS = 30.0
"""A worker's own default."""
SETTLE_SECONDS = 3
"""One that ends sooner has not started: it is tried again after 1 s, then after 2 s and so on, not at once."""
MOST_STARTS = 1_000_000
RUNNING = ("STARTING", "RUNNING")
"""States of a process that runs; so early that it may end yet, or later."""
ORDER = {"stores": 0, "worker": 2}
"""Workers stop first and stores last; all else stops at once in between."""
BETWEEN = "between"


class BeingStopped(ConfigError):
    """Somebody stops the house at this moment."""

    def __init__(self) -> None:
        super().__init__("the house is being stopped at this moment: wait for it")


class Supervisor:
    """One supervisord: it starts a house's processes when told, restarts those that die, and stops them all."""

    def __init__(self, paths: HousePaths) -> None:
        self._paths = paths
        self._socket = paths.runtime / "supervisor.sock"
        self._config_file = paths.home / "supervisord.conf"
        self._pid_file = paths.home / "supervisord.pid"

    def launch(self, processes: Iterable[Process]) -> None:
        """Start supervisord with these processes, none of them running yet. Raises ConfigError where it fails."""
        write_private(self._config_file, self._config(processes))
        self._paths.make_runtime()
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config_file)],
            env={"PATH": os.defpath, "PYTHONWARNINGS": "ignore"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while done.returncode == 0 and time.monotonic() < deadline:
            if self.running():
                return
            time.sleep(0.05)
        if self.process() is None:
            shutil.rmtree(self._paths.runtime, ignore_errors=True)
        raise ConfigError(f"supervisord did not start: {done.stdout.strip() or self._paths.home / 'log'}")

    def running(self) -> bool:
        """Return whether this house's supervisord answers."""
        with contextlib.suppress(ConfigError):
            state: Any = self._ask("getState")
            return bool(state["statename"] == "RUNNING")
        return False

    def process(self) -> psutil.Process | None:
        """Return this house's supervisord, also where it does not answer: others may clear away its socket's folder."""
        wanted = ["supervisor.supervisord", "-c", str(self._config_file)]
        return next((one for one in psutil.process_iter() if command_line(one)[-len(wanted) :] == wanted), None)

    def check_answers(self) -> bool:
        """Return whether this house's supervisord runs. Raises ConfigError where it runs and does not answer."""
        if self.running():
            return True
        if self.process() is not None:
            self._ask("getState")
            raise BeingStopped
        return False

    def start(self, name: str) -> int:
        """Start one process without waiting for it; give its pid."""
        self._ask("startProcess", name if name in ORDER else f"{BETWEEN}:{name}", False)
        return int(self.states()[name]["pid"])

    def ended(self, name: str, pid: int) -> bool:
        """Return whether a process has ended since it was started, also where it was started again at once."""
        return not pid or self.states()[name]["pid"] != pid

    def states(self) -> dict[str, dict[str, Any]]:
        """Return each process's state, as supervisord tells it."""
        listed: Any = self._ask("getAllProcessInfo")
        return {item["name"]: item for item in listed}

    def stop(self) -> bool:
        """Stop everything, workers first and stores last; return whether anything ran.

        It takes as long as supervisord gives each process, after which supervisord kills it.
        """
        process = self.process()
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
            while alive(process):
                time.sleep(0.05)
        shutil.rmtree(self._paths.runtime, ignore_errors=True)
        return process is not None

    def _ask(self, method: str, *arguments: Any) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as rpc:
                return getattr(rpc.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultString.startswith("SHUTDOWN_STATE"):
                raise BeingStopped from None
            told = " ".join(str(word) for word in (method, *arguments))
            raise ConfigError(
                f"supervisord refused `{told}` ({fault.faultString}): see {self._paths.home}/log"
            ) from None
        except (OSError, xmlrpc.client.Error, http.client.HTTPException) as error:
            raise ConfigError(
                f"this house's supervisord does not answer on {self._socket} ({error}): "
                "`make down` stops what runs, then `make up` starts it again"
            ) from None

    def _config(self, processes: Iterable[Process]) -> str:
        log = self._paths.home / "log"
        sections = [
            "[unix_http_server]",
            f"file={_escape(self._socket)}",
            "chmod=0700",
            "[supervisord]",
            f"logfile={_escape(log / 'supervisord.log')}",
            "logfile_maxbytes=5MB",
            "logfile_backups=1",
            f"pidfile={_escape(self._pid_file)}",
            f"childlogdir={_escape(log)}",
            f"directory={_escape(ROOT)}",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        ]
        listed = list(processes)
        for process in listed:
            path = log / f"{process.name}.log"
            path.touch(mode=0o600)
            sections += [
                f"[program:{process.name}]",
                "command=" + " ".join(_escape(shlex.quote(word)) for word in process.argv),
                "environment=" + ",".join(f"{key}={_quoted(key, value)}" for key, value in process.env.items()),
                f"priority={stop_order(process)}",
                "autostart=false",
                "autorestart=true",
                f"startsecs={SETTLE_SECONDS}",
                f"startretries={MOST_STARTS}",
                "stopsignal=TERM",
                f"stopwaitsecs={stop_seconds(process)}",
                "stopasgroup=false",
                "killasgroup=true",
                "redirect_stderr=true",
                f"stdout_logfile={_escape(path)}",
                "stdout_logfile_maxbytes=10MB",
                "stdout_logfile_backups=1",
            ]
        between = [process.name for process in listed if process.name not in ORDER]
        if between:  # supervisord stops one group after the other, and all of a group at once
            sections += [f"[group:{BETWEEN}]", "programs=" + ",".join(between), "priority=1"]
        return "\n".join(sections) + "\n"


def stop_order(process: Process) -> int:
    """Return when a process stops: the highest first."""
    return ORDER.get(process.name, 1)


def stop_seconds(process: Process) -> int:
    """Return the seconds that a process has to end after SIGTERM; a worker first lets its runs end."""
    if process.name != "worker":
        return STOP_SECONDS
    return STOP_SECONDS + math.ceil(float(process.env.get("WORKER_GRACE_SECONDS", GRACE_SECONDS)))


def _quoted(name: str, value: str) -> str:
    """Quote a variable's value as supervisord reads it: as it is between quotes, which it may not hold or touch."""
    quote = "'" if '"' in value else '"'
    if quote in value or value.strip("'\"") != value or re.search(r"[\r\n]|\s[;#]", value):
        raise ConfigError(f"{name} has a value that supervisord cannot be given: leave out line breaks, ' #' and ' ;'")
    return f"{quote}{_escape(value)}{quote}"


def _escape(value: str | Path) -> str:
    return str(value).replace("%", "%%")


def command_line(process: psutil.Process) -> list[str]:
    """Return the words of a process's command line; none of one that has ended or that cannot be seen."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def alive(process: psutil.Process) -> bool:
    """Return whether a process runs; one that has ended and that nobody has waited for yet does not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
