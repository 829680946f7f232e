"""`agent-engine`: the command line."""

import io
import sys

from agent_engine.cli.app import app


def main() -> None:
    """Run the command line; no text fails for what it holds: programs get UTF-8, terminals `?` for what they lack."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=None if sys.stdout.isatty() else "utf-8", errors="replace")
    app()


if __name__ == "__main__":
    main()
