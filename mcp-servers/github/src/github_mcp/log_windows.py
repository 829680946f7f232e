"""The lines of a job's log that tell why it failed: those around the first marks of a failure. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

TIMESTAMP = re.compile(r"\A\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z ?")
ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
MARKS = re.compile(
    r"##\[error\]|\bTraceback \(most recent call last\)|\A=+ (?:FAILURES|ERRORS) =+|\AE  +\S|\A\s*(?:FAILED|FAIL)\b"
    r"|\b[A-Z][A-Za-z]*(?:Error|Exception)\b[:(]|\A\s*(?:[Ee]rror|ERROR|FATAL|[Ff]atal)(?:\[\w+\])?:|: error:"
    r"|\A--- FAIL|\Apanic: |\Athread '[^']*' panicked|\A\s*npm (?:ERR!|error)|\A\s*[✕✗×] |\A(?:BUILD FAILED|FAILURE:)"
    r"|\b[Ee]xit(?:ed)?(?: with)? (?:code|status):? [1-9]|\b[Cc]ommand not found\b|Segmentation fault|\bOut of memory\b"
)
"""What tools write where something failed: the runner, Python, pytest, Go, Rust, Node, compilers, Gradle, shells."""
BEFORE, AFTER, BETWEEN = 8, 4, 20
"""Lines that are shown around a mark, and the most between two windows that make them one."""
LONGEST_LINE = 1_000


@dataclass(frozen=True)
class Window:
    """Some lines of a log, numbered from 1, both ends included."""

    first: int
    last: int

    @property
    def lines(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


def plain_lines(log: str) -> list[str]:
    """Return a log's lines without the runner's timestamps and colours. A very long line is cut, and says so."""
    lines = log.removesuffix("\n").split("\n") if log else []
    return [_plain(line) for line in lines]


def failure_windows(lines: Sequence[str], most: int) -> list[Window]:
    """Return the windows around the marks of a failure, the first ones first, of so many lines in all.

    Where the marks are too many the last one keeps a place: it tells how the job ended.
    """
    marked = [number for number, line in enumerate(lines, 1) if MARKS.search(line)]
    if not marked:
        return []
    total = len(lines)
    last = _around(marked[-1], total)
    chosen, room = [last], most - last.lines
    for window in _merged(_around(number, total) for number in marked[:-1]):
        free = Window(window.first, min(window.last, window.first + room - 1))
        if room <= 0 or free.first >= last.first:
            break
        chosen.append(free)
        room -= free.lines
    return list(_merged(sorted(chosen, key=lambda window: window.first)))


def _plain(line: str) -> str:
    text = ANSI.sub("", TIMESTAMP.sub("", line.removesuffix("\r"))).rpartition("\r")[2]
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}… ({len(text)} characters)"


def _around(number: int, total: int) -> Window:
    return Window(max(1, number - BEFORE), min(total, number + AFTER))


def _merged(windows: Iterator[Window] | Sequence[Window]) -> Iterator[Window]:
    """Yield windows in their order, those that are near each other as one."""
    kept: Window | None = None
    for window in windows:
        if kept is not None and window.first <= kept.last + 1 + BETWEEN:
            kept = Window(kept.first, max(kept.last, window.last))
            continue
        if kept is not None:
            yield kept
        kept = window
    if kept is not None:
        yield kept
