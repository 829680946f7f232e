"""`agent-engine`: the command line."""

import io
import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it quietly, also while it is still imported.

    No text fails for what it holds: programs get UTF-8, terminals `?` for what they lack.
    """
    try:
        from service_kit.stdio import standard_streams

        from agent_engine.cli.app import app
    except KeyboardInterrupt:
        sys.exit(130)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=None if sys.stdout.isatty() else "utf-8", errors="replace")
    with standard_streams():
        app()


if __name__ == "__main__":
    main()
