"""Runs a command of the house as `make` does, told no port."""

import os
import subprocess
import sys

from house.paths import ROOT, HousePaths


def command(paths: HousePaths, name: str, *, before: str = ":", **given: str) -> subprocess.CompletedProcess[str]:
    """Run a command.

    Args:
        paths: whose folder it is given.
        name: the command.
        before: what the shell does first.
        given: further variables.
    """
    env = {"PATH": os.defpath, "PYTHONPATH": str(ROOT / "scripts"), "AGENT_BOT_HOME": str(paths.home)} | given
    argv = ["bash", "-c", f'{before}; exec "$@"', "bash", sys.executable, "-m", "house", name]
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
