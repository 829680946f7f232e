"""The standard streams of a command line: what becomes of it where one is closed, full, or read by nobody any more."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

NOWHERE = Path(os.devnull)


class Output(io.FileIO):
    """A stream that is written to as long as it takes anything; what follows is dropped, so that the command ends.

    Attributes:
        stdout_closed: whoever read it has gone.
        failed: it took no more for another reason, as on a full disk; that is said once, on standard error.
    """

    stdout_closed = False
    failed = False

    def write(self, piece: bytes) -> int | None:  # type: ignore[override]
        """Write, or drop what nobody can get."""
        try:
            return super().write(piece)
        except ConnectionError:
            self.stdout_closed = True
        except OSError as error:
            self.failed = True
            with suppress(OSError):
                sys.stderr.write(f"error: standard output takes no more: {error.strerror}: send it elsewhere\n")
        with NOWHERE.open("wb") as nowhere:
            os.dup2(nowhere.fileno(), self.fileno())
        return len(piece)


@contextmanager
def standard_streams() -> Iterator[None]:
    """Open what the shell closed, and let a command end by its own exit status where nobody reads what it prints.

    Raises:
        SystemExit: standard output took no more, for another reason than that: the status is 1.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = NOWHERE.open(mode)
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
    given = sys.stdout
    output = _file_of(given)
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


def _file_of(stream: TextIO) -> Output | None:
    """Open what a stream writes to; None where that is no file, but somebody's own."""
    with suppress(io.UnsupportedOperation):
        return Output(stream.fileno(), "w", closefd=False)
    return None


def stdout_closed() -> bool:
    """Return whether whoever read standard output has gone."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return isinstance(raw, Output) and raw.stdout_closed
