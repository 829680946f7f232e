"""What each command line of ours has: its name, what it is for, `--version`."""

import argparse
import sys
from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Any


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """Make a command's parser.

    Args:
        name: the command, as its package's `project.scripts` has it.
        description: what it is for.
    """
    made = argparse.ArgumentParser(prog=name, description=description)
    made.add_argument("--version", action=_Version, help="print name and version and exit")
    return made


@cache
def version_of(name: str) -> str:
    """Return the version of the distribution that brings a command."""
    found = [point.dist for point in entry_points(group="console_scripts", name=name) if point.dist is not None]
    return found[0].version if found else "(not installed)"


class _Version(argparse.Action):
    """Reads the version when it is asked for alone: every start would pay for it."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002 - argparse's name
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        sys.stdout.write(f"{parser.prog} {version_of(parser.prog)}\n")
        parser.exit()
