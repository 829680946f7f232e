"""`python -m house init|up|down|health|logs|demo`: what the Makefile's targets call."""

import sys


def main() -> int:
    """Run the command named on the command line; Ctrl-C ends it quietly, also while it is still imported."""
    try:
        from service_kit.stdio import standard_streams

        from house import commands

        with standard_streams():
            return commands.main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
