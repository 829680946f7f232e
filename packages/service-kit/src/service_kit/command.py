"""What every command line here has: a name, a description and `--version`."""

import argparse
import sys
from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Any


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """Return the argument parser of a command, named as in `project.scripts` of its package."""
    made = argparse.ArgumentParser(prog=name, description=description)
    made.add_argument("--version", action=_Version, help="print name and version and exit")
    return made


@cache
def version_of(name: str) -> str:
    """Return the version of the distribution that installs a command."""
    found = [point.dist for point in entry_points(group="console_scripts", name=name) if point.dist is not None]
    return found[0].version if found else "(not installed)"


class _Version(argparse.Action):
    """Prints the version. It is read only when asked for, because reading it slows every start."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002 - argparse's name
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        sys.stdout.write(f"{parser.prog} {version_of(parser.prog)}\n")
        parser.exit()
