"""The commands `init`, `up`, `down`, `health`, `logs` and `demo`."""

import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

from service_kit.errors import ConfigError
from service_kit.serve import run
from service_kit.stdio import wrapped

from house.access import unknown_tokens
from house.demo import demo
from house.kept_settings import check_spelling, keep, told_by, with_kept
from house.lifecycle import House, cancel_on_signals
from house.options import Options
from house.paths import HousePaths, command
from house.ports import given, with_its_ports
from house.readiness import is_ready
from house.supervise import Supervisor


def say(text: str) -> None:
    """Print a line at once."""
    print(wrapped(text, sys.stdout), flush=True)


def here() -> House:
    """Make the house that the environment and the kept settings describe, on the ports that it is up on."""
    environ = with_kept(os.environ)
    paths = _paths(environ)
    check_spelling(os.environ, paths)
    return House(paths, Options.from_environment(environ), environ)


def _paths(environ: Mapping[str, str]) -> HousePaths:
    return with_its_ports(HousePaths.from_environment(environ))


def _to_stop(name: str = "") -> House:
    """Make a house to be stopped: nothing in the environment but its folder keeps it from that."""
    only_folder = {"AGENT_BOT_HOME": os.environ.get("AGENT_BOT_HOME", "")}
    return House(HousePaths.from_environment(only_folder, name), Options(), os.environ)


async def init() -> int:
    """Make folders, keys, tokens and the first access and triggers files."""
    house = here()
    house.init()
    house.paths.write_compose_env()
    unknown = unknown_tokens(house.paths)
    for told in unknown:
        say(told)
    if unknown:
        return 1
    examples = ", ".join(kind.example for vendor in house.paths.vendors for kind in vendor.kinds if not kind.personal)
    say(f"{house.paths.home} is ready: access.yaml opens {examples} and says how to open more")
    return 0


async def up() -> int:
    """Start the whole house."""
    house = here()
    house.init()
    cancel_on_signals()
    await house.up(say)
    kept = keep(house.paths, house.environ)
    if kept:
        say(f"{house.paths.home}/settings.env keeps for the next `make up`: {', '.join(kept)}")
    say(f"the house is up; control: {house.paths.url('control')}, its token: {house.paths.home}/secrets/control.door")
    say("`make health` asks it how it is, `make logs` follows it, `make down` stops it")
    return 0


async def down() -> int:
    """Stop the whole house, and a demo that was left behind."""
    stopped, demo_stopped = [house.down() for house in (_to_stop(), _to_stop("demo"))]
    if stopped or demo_stopped:
        say("the house is down" if stopped else "the demo is stopped")
    else:
        say("nothing was running")
    return 0


async def health() -> int:
    """Ask every process whether it is ready; exit 1 unless all are."""
    report = await House(_paths(with_kept(os.environ)), Options(), os.environ).health()
    for name, state in report.items():
        say(f"{name:16} {state}")
    if not report:
        say("the house is not up: `make up` starts it")
        return 1
    return 0 if all(map(is_ready, report.values())) else 1


async def logs() -> int:
    """Follow every process's log; with TASK, the lines that name this task, from the beginning on."""
    home, task = _paths(with_kept(os.environ)).home, os.environ.get("TASK")
    files = list(map(str, sorted((home / "log").glob("*.log"))))
    if not files:
        say("no logs yet: start the house with `make up`")
        return 1
    if not task:
        os.execvp("tail", ["tail", "-n", os.environ.get("LINES_SHOWN", "20"), "-F", *files])
    return _follow(task, files)


def _follow(task: str, files: list[str]) -> NoReturn:
    """Become what shows the lines of files that name a task; what reads the files ends once nobody takes its lines."""
    if subprocess.run(["grep", "-qF", "-e", task, "--", *files], check=False).returncode:
        say(f"no line of a log names {task} so far: `scripts/engine tasks` lists the tasks")
    reading = ["tail", "-q", "-n", "+1", "-F", "--", *files]
    tail = subprocess.Popen(reading, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert tail.stdout is not None
    os.dup2(tail.stdout.fileno(), 0)
    os.execvp("grep", ["grep", "--line-buffered", "-F", "-e", task])


async def run_demo() -> int:
    """Run the main job end to end in a house of its own, which takes nothing from kept settings."""
    check_spelling(os.environ, HousePaths.from_environment(os.environ, "demo"))
    return await demo(os.environ, say)


COMMANDS: dict[str, Callable[[], Awaitable[int]]] = {
    "init": init,
    "up": up,
    "down": down,
    "health": health,
    "logs": logs,
    "demo": run_demo,
}


async def engine(arguments: list[str]) -> int:
    """Become `agent-engine` with this house's environment: what it came up with, unless another value is given now.

    Raises:
        ConfigError: there is no house yet, it has lost its access file, or it is not up and the command needs that.
    """
    kept = with_kept(os.environ)
    paths = _paths(kept)
    home, up = paths.home, Supervisor(paths).process() is not None
    environ = {**kept, **(given(paths) if up else {}), **{name: value for name, value in os.environ.items() if value}}
    house = House(paths, Options.from_environment(environ), environ)
    if not (home / "secrets").is_dir():
        raise ConfigError(f"{home} holds no house yet: run `make init` or `make up`")
    if not (home / "access.yaml").exists():
        raise ConfigError(f"{home}/access.yaml is missing: put yours back, or let `make init` write a new one")
    if not up and _needs_house(arguments) and not (environ.get("DATABASE_URL") and environ.get("REDIS_URL")):
        raise ConfigError("the house is not up: `make up` starts it")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until agent-engine takes it
    os.execve(
        command("agent-engine"),
        ["agent-engine", *arguments],
        house.engine_env() | {"AGENT_ENGINE_TYPED_AS": "scripts/engine"},
    )


def _needs_house(arguments: list[str]) -> bool:
    """Return whether a command of the engine asks stores or control; not those that read files, nor doctor."""
    tells = arguments in ([], ["skills"], ["triggers"], ["proposals"], ["--version"]) or "--help" in arguments
    reads = arguments[:1] in (["keys"], ["access"], ["doctor"]) or arguments[:2] in (
        ["skills", "list"],
        ["skills", "check"],
    )
    return not (tells or reads)


def main() -> int:
    """Run the command named on the command line."""
    if sys.argv[1:2] == ["engine"]:
        return run(awaited(lambda: engine(sys.argv[2:])))
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        sys.stderr.write(f"usage: python -m house {'|'.join(COMMANDS)}\n")
        return 2
    return run(awaited(COMMANDS[sys.argv[1]]))


async def awaited(call: Callable[[], Awaitable[int]]) -> int:
    """Wait for a command. Raises ConfigError where a file is another user's."""
    try:
        return await call()
    except ConfigError as error:
        paths = HousePaths.from_environment({"AGENT_BOT_HOME": os.environ.get("AGENT_BOT_HOME", "")})
        raise ConfigError(f"{error}{told_by(error, os.environ, paths)}") from None
    except PermissionError as error:
        what, remedy = error.filename or "one of its processes", "make it this user's, or choose another AGENT_BOT_HOME"
        raise ConfigError(f"{what} may not be used ({error.strerror}): {remedy}") from None
