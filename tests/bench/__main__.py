"""`make bench`: measure, and print the table; a figure that falls short is said, and is no failure of the run."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import fairness, gateway, mcp
from bench.processes import OURS, BenchError
from bench.table import shown


def main() -> int:
    """Measure all; 2 where it cannot be done."""
    os.sched_setaffinity(0, OURS)
    try:
        lines = []
        for measured in (mcp.lines, gateway.lines, fairness.lines):
            with tempfile.TemporaryDirectory(prefix="agent-bot-bench-") as folder:
                lines += measured(Path(folder))
    except (BenchError, OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(shown(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
