"""The command `agent-stores`: the embedded PostgreSQL and Valkey, for a laptop without either."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from service_kit import command
from service_kit.errors import ConfigError
from service_kit.settings import load
from service_kit.stdio import print_error

from agent_stores.background import start_run, status, stop_run, up, urls
from agent_stores.embedded import Plan, run
from agent_stores.errors import ServerEnded, StoreError
from agent_stores.settings import StoresSettings

NOT_UP = 3


def _parser() -> argparse.ArgumentParser:
    parser = command.parser("agent-stores", __doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, told in {
        "run": "run both servers in the foreground, until SIGTERM or SIGINT",
        "start": "run both servers in the background, and wait until they are up",
        "stop": "stop them, and what a killed run left behind",
        "status": f"say how they are; exit status {NOT_UP} when one is not up",
        "url": "print DATABASE_URL and REDIS_URL",
        "redis": "send one command to Redis, as redis-cli does, and print the reply",
    }.items():
        one = commands.add_parser(name, help=told, description=told)
        one.add_argument("--dir", type=Path, help="the folder (STORES_DIR; default var/stores)")
        one.add_argument("--postgres-port", type=int, help="POSTGRES_PORT; default 5432; 0 for a free one")
        one.add_argument("--redis-port", type=int, help="REDIS_PORT; default 6379; 0 for a free one")
        if name == "run":
            one.add_argument("--throwaway", action="store_true", help="for tests: fast, nothing is kept safe")
            one.add_argument("--until-eof", action="store_true", help="stop when standard input ends, too")
        if name == "redis":
            one.add_argument("word", metavar="COMMAND", help="as in: XLEN agent:tasks")
            one.add_argument("words", nargs=argparse.REMAINDER, metavar="ARGUMENT")
    return parser


def _plan(options: argparse.Namespace, settings: StoresSettings) -> Plan:
    def given(flag: int | None, setting: int) -> int:
        return setting if flag is None else flag

    return Plan(
        folder=options.dir or settings.stores_dir,
        postgres_port=given(options.postgres_port, settings.postgres_port),
        redis_port=given(options.redis_port, settings.redis_port),
        database_url=settings.database_url,
        redis_url=settings.redis_url,
        throwaway=getattr(options, "throwaway", False),
        until_eof=getattr(options, "until_eof", False),
    )


def _act(command: str, plan: Plan, words: Sequence[str]) -> int:
    if command == "run":
        asyncio.run(run(plan))
    elif command == "start":
        state, before = start_run(plan)
        said = "already running" if before else "started"
        sys.stderr.write(f"the stores in {plan.folder} are {said} (pid {state.pid})\n")
    elif command == "stop":
        names = asyncio.run(stop_run(plan))
        sys.stderr.write(f"stopped {', '.join(names)}\n" if names else f"nothing runs in {plan.folder}\n")
    elif command == "status":
        parts = asyncio.run(status(plan))
        sys.stdout.writelines(f"{part.name}: {'up' if part.up else 'not up'}, {part.where}\n" for part in parts)
        return 0 if all(part.up for part in parts) else NOT_UP
    elif command == "redis":
        if plan.redis_url is None and up(plan) is None:
            # Another Redis of this machine may have the port.
            raise StoreError(
                f"the stores in {plan.folder.resolve()} are not up: `agent-stores start` starts them; "
                "REDIS_URL names another Redis."
            )
        # Not before: importing a client would take longer than the servers take to start.
        from agent_stores.redis_cli import run_command

        sys.stdout.write(asyncio.run(run_command(urls(plan)[1], words)))
    else:
        database_url, redis_url = urls(plan)
        sys.stdout.write(f"DATABASE_URL={database_url}\nREDIS_URL={redis_url}\n")
    return 0


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run the command; an error is one line on standard error and exit status 2, a server that ended 1, Ctrl-C 130."""
    options = _parser().parse_args(arguments)
    try:
        settings = load(StoresSettings, os.environ if environ is None else environ)
        logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=settings.log_level.upper())
        words = [options.word, *options.words] if options.command == "redis" else []
        return _act(options.command, _plan(options, settings), words)
    except ConfigError as error:
        print_error(f"error: {error}")
        return 1 if isinstance(error, ServerEnded) else 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
