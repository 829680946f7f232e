"""`make bench`: measure all, or the parts that are named, and print the table.

A figure that falls short is said, and is no failure of the run.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import fairness, gateway, mcp, questions
from bench.processes import OURS, BenchError
from bench.table import Line, shown

PARTS = {"mcp": mcp.lines, "gateway": gateway.lines, "fairness": fairness.lines, "questions": questions.lines}


def main() -> int:
    """Measure; 2 where it cannot be done."""
    if unknown := set(sys.argv[1:]) - {*PARTS}:
        sys.stderr.write(f"error: there is no {', '.join(sorted(unknown))}: choose of {', '.join(PARTS)}\n")
        return 2
    os.sched_setaffinity(0, OURS)
    try:
        lines: list[Line] = []
        for name in sys.argv[1:] or PARTS:
            with tempfile.TemporaryDirectory(prefix="agent-bot-bench-") as folder:
                lines += PARTS[name](Path(folder))
    except (BenchError, OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(shown(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
