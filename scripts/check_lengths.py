"""Fails when a source file is longer than 300 lines: then it is two nouns."""

import subprocess
import sys
from pathlib import Path

LIMIT = 300
ENDINGS = {".py", ".sh", ".ts", ".tsx"}


def main() -> int:
    """Name each file that is too long; 1 if there is one."""
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True, check=True)
    paths = [Path(name) for name in listed.stdout.decode().split("\0") if Path(name).suffix in ENDINGS]
    counts = {path: path.read_text().count("\n") for path in paths if path.is_file()}
    long = {path: count for path, count in counts.items() if count > LIMIT}
    for path, count in sorted(long.items()):
        print(f"{path}: {count} lines, at most {LIMIT}: split it into two nouns")
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
