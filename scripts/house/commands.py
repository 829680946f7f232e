"""The commands `init`, `up`, `down`, `health`, `logs`, `demo` and `engine`."""

import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable

from service_kit.errors import ConfigError
from service_kit.serve import run

from house.demo import demo
from house.life import House
from house.place import Place, command
from house.ports import found
from house.processes import Choice


def say(text: str) -> None:
    """Print a line at once."""
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)


def here() -> House:
    """Make the house that the environment describes, on the ports that it is up on."""
    place = found(Place.from_environment(os.environ), os.environ)
    return House(place, Choice.from_environment(os.environ), os.environ)


async def init() -> int:
    """Make folders, keys, tokens and the first access and triggers files."""
    house = here()
    house.init()
    house.place.write_compose_env()
    say(f"{house.place.home} is ready: access.yaml opens octocat/hello-world and says how to open more")
    return 0


async def up() -> int:
    """Start the whole house."""
    house = here()
    house.init()
    await house.up(say)
    say(f"the house is up; control: {house.place.url('control')}, its token: {house.place.home}/secrets/control.door")
    say("`make health` asks it how it is, `make logs` follows it, `make down` stops it")
    return 0


async def down() -> int:
    """Stop the whole house, and a demo that was left behind."""
    demos = House(Place.from_environment(os.environ, "demo"), Choice(), os.environ)
    stopped = [house.down() for house in (here(), demos)]
    say("the house is down" if any(stopped) else "nothing was running")
    return 0


async def health() -> int:
    """Ask every process whether it is ready; exit 1 unless all are."""
    report = await here().health()
    for name, state in report.items():
        say(f"{name:16} {state}")
    if not report:
        say("the house is not up: `make up` starts it")
        return 1
    return 0 if all(state == "ready" for state in report.values()) else 1


async def logs() -> int:
    """Follow every process's log."""
    files = sorted((here().place.home / "log").glob("*.log"))
    if files:
        os.execvp("tail", ["tail", "-n", os.environ.get("LINES_SHOWN", "20"), "-F", *map(str, files)])  # noqa: S606
    say("no logs yet: start the house with `make up`")
    return 1


COMMANDS: dict[str, Callable[[], Awaitable[int]]] = {
    "init": init,
    "up": up,
    "down": down,
    "health": health,
    "logs": logs,
    "demo": lambda: demo(os.environ, say),
}


def engine(arguments: list[str]) -> int:
    """Become `agent-engine` with this house's environment.

    Raises:
        ConfigError: there is no house yet, or it has lost its access file.
    """
    house = here()
    home = house.place.home
    if not (home / "secrets").is_dir():
        raise ConfigError(f"{home} holds no house yet: run `make init` or `make up`")
    if not (home / "access.yaml").exists():
        raise ConfigError(f"{home}/access.yaml is missing: put yours back, or let `make init` write a new one")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until agent-engine takes it
    os.execve(command("agent-engine"), ["agent-engine", *arguments], house.engine_env())  # noqa: S606


def main() -> int:
    """Run the command named on the command line."""
    if sys.argv[1:2] == ["engine"]:
        return run(_awaited(lambda: _engine(sys.argv[2:])))
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        sys.stderr.write(f"usage: python -m house {'|'.join(COMMANDS)}\n")
        return 2
    return run(_awaited(COMMANDS[sys.argv[1]]))


async def _engine(arguments: list[str]) -> int:
    return engine(arguments)


async def _awaited(call: Callable[[], Awaitable[int]]) -> int:
    return await call()
