"""The standard streams of a command line, which may be closed, full, or without a reader."""

import io
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

NOWHERE = Path(os.devnull)
WIDTH = 80
"""Of a terminal that does not say its own."""


class Output(io.FileIO):
    """A stream that drops what is written to it once writing fails, so that the command can end.

    `stdout_closed`: its reader has gone. `failed`: another reason, such as a full disk, which is reported once.
    """

    stdout_closed = False
    failed = False

    def write(self, piece: bytes) -> int | None:  # type: ignore[override]
        """Write, or drop what cannot be written."""
        try:
            return super().write(piece)
        except ConnectionError:
            self.stdout_closed = True
        except OSError as error:
            self.failed = True
            with suppress(OSError):
                sys.stderr.write(f"error: standard output cannot be written: {error.strerror}: send it elsewhere\n")
        with NOWHERE.open("wb") as nowhere:
            os.dup2(nowhere.fileno(), self.fileno())
        return len(piece)


def wrapped(text: str, stream: TextIO) -> str:
    """Return a text for a stream: on a terminal its lines are broken between words to the width, else it is as it is.

    A piece of a line begins with two blanks.
    """
    if not stream.isatty():
        return text
    width = _columns(stream)
    lines = text.split("\n")
    return "\n".join(_broken(line, width) if len(line) > width else line for line in lines)


def _columns(stream: TextIO) -> int:
    """Return a terminal's width: that of COLUMNS or of standard output, else the stream's own, else 80."""
    own = 0
    with suppress(OSError):  # in tests it is no file
        own = os.get_terminal_size(stream.fileno()).columns
    return shutil.get_terminal_size((own or WIDTH, 0)).columns


def _broken(line: str, width: int) -> str:
    return textwrap.fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def print_error(text: str) -> None:
    """Print an error or a hint on standard error."""
    sys.stderr.write(wrapped(text, sys.stderr) + "\n")


@contextmanager
def standard_streams() -> Iterator[None]:
    """Open streams that the shell closed, and let a command without a reader end by its own exit status.

    Raises:
        SystemExit: with status 1, if writing to standard output failed for another reason than a reader that has gone.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = NOWHERE.open(mode)
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
    given, output = sys.stdout, None
    with suppress(io.UnsupportedOperation):  # in tests it is no file
        output = Output(given.fileno(), "w", closefd=False)
    if output is None or not isinstance(given, io.TextIOWrapper):
        yield
        return
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(output), given.encoding, given.errors, line_buffering=given.line_buffering
    )
    try:
        yield
    finally:
        sys.stdout.flush()
        if output.failed:
            sys.exit(1)


def stdout_closed() -> bool:
    """Say whether the reader of standard output has gone."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return isinstance(raw, Output) and raw.stdout_closed
