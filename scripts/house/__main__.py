"""`python -m house init|up|down|health|logs|demo`: what the Makefile's targets call."""

import os
import signal
import sys


def main() -> int:
    """Run the command named on the command line; where nothing runs yet, or any more, Ctrl-C ends at once."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from service_kit.stdio import standard_streams

    from house import commands

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with standard_streams():
            return commands.main()
    except KeyboardInterrupt:
        return 130
    finally:
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))


if __name__ == "__main__":
    sys.exit(main())
