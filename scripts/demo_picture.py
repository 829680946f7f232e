"""Makes docs/demo.svg, the picture in the README: what `make demo` prints on a real terminal, from the webhook on."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/demo.svg"
LINES, COLUMNS = 60, 100
PART = re.compile(r"^@\S+ opened .*? at list prices[^\n]*", re.DOTALL | re.MULTILINE)
REMOTE_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""A page that shows a picture loads no fonts for it: its reader's own fixed-width font is used."""


def main() -> int:
    """Run the demo and write the picture; return the demo's exit status."""
    status, printed = run_on_a_terminal(["make", "--no-print-directory", "demo"])
    if status == 0:
        console = Console(record=True, width=COLUMNS, file=io.StringIO())
        console.print(Text.from_ansi(shown(printed)), end="")
        PICTURE.write_text(REMOTE_FONTS.sub("", console.export_svg(title="make demo", unique_id="demo")))
        sys.stderr.write(f"{PICTURE.relative_to(ROOT)} is written\n")
    return status


def run_on_a_terminal(argv: list[str]) -> tuple[int, str]:
    """Run a command with a terminal as its output, and return its exit status and what it printed there."""
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environ = {**os.environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(argv, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer)
    os.close(writer)
    printed = b""
    while True:
        try:
            piece = os.read(reader, 65536)
        except OSError:  # how Linux says that the last writer closed the terminal
            break
        if not piece:
            break
        printed += piece
    return process.wait(), printed.decode()


def shown(printed: str) -> str:
    """Return the part from the issue that is opened to what it cost."""
    part = PART.search(printed.replace("\r\n", "\n"))
    return part[0] if part else printed


if __name__ == "__main__":
    sys.exit(main())
