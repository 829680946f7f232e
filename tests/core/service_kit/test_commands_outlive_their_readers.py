"""A command whose output is closed, full or without a reader prints no traceback and keeps its exit status."""

import subprocess
import sys

import pytest

COMMAND = """
import sys
from service_kit.stdio import standard_streams, stdout_closed

with standard_streams():
    for _ in range(100):
        print("x" * 9999)
    sys.stdout.flush()
    sys.stderr.write(f"{sys.stdin.read()!r} {stdout_closed()} ")
    sys.exit(3)
"""
FULL = "error: standard output cannot be written: No space left on device: send it elsewhere\n"


@pytest.mark.parametrize(
    ("redirected", "status", "said"),
    [
        (">/dev/null", 3, "'' False "),
        (">&-", 3, "'' False "),
        ("<&- >&-", 3, "'' False "),
        ("2>&-", 3, ""),
        ("| head -c1 >/dev/null", 3, "'' True "),
        (">/dev/full", 1, f"{FULL}'' False "),
        ("1</dev/null", 1, f"{FULL.replace('No space left on device', 'Bad file descriptor')}'' False "),
    ],
)
def test_command_ends_by_its_own_status(redirected: str, status: int, said: str) -> None:
    """Only output that is lost against the caller's will makes it 1, and is one line."""
    line = f'set -o pipefail; "$0" -c "$1" {redirected}'
    ended = subprocess.run(
        ["bash", "-c", line, sys.executable, COMMAND],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (status, said)
    assert redirected != "2>&-" or len(ended.stdout) == 100 * 10_000
