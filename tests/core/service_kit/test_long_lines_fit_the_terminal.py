"""What a command says fits a terminal, as its tables do, and stays one line elsewhere."""

import io
import os
import pty
import subprocess
import sys
import termios

import pytest
from service_kit.stdio import wrapped

LONG = "error: ACCESS_FILE=/a/path does not exist: " + "make it with `make init`, or correct the path: " * 3


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_long_line_is_broken_between_words(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """No word is lost or cut, no line is wider, and each line of a text is broken by itself."""
    monkeypatch.setenv("COLUMNS", str(width))
    shown = wrapped(f"{LONG}\nshort", Terminal())
    assert all(len(line) <= width for line in shown.splitlines())
    assert shown.split() == f"{LONG}\nshort".split()
    assert shown.splitlines()[-1] == "short"


def test_a_word_that_is_wider_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path or an address can be copied."""
    monkeypatch.setenv("COLUMNS", "20")
    assert "/a/very/long/path/to/a-file.yaml" in wrapped("error: /a/very/long/path/to/a-file.yaml is gone", Terminal())


def test_elsewhere_a_line_stays_one() -> None:
    """Programs read what goes to a pipe or a file by its lines."""
    assert wrapped(LONG, io.StringIO()) == LONG


@pytest.mark.slow
def test_a_commands_error_fits_its_terminal() -> None:
    """An error of a real command on a terminal of 60 columns has no wider line, wherever its output goes."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 60))
    environ = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"GITHUB_TOKEN": "a b"}
    code = "from github_mcp.__main__ import main; raise SystemExit(main())"
    nowhere = subprocess.DEVNULL
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, stdin=nowhere, stdout=nowhere, stderr=theirs, timeout=60, check=False
    )
    os.close(theirs)
    said = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.returncode == 2
    assert "GITHUB_TOKEN is not usable" in said.replace("\r\n ", "")
    assert max(map(len, said.splitlines())) <= 60
