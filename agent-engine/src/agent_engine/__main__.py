"""`agent-engine`: the command line."""

import io
import os
import signal
import sys


def main() -> None:
    """Run the command line; where nothing runs yet, Ctrl-C ends at once, also one that was held back until here.

    No text fails for what it holds: programs get UTF-8, terminals `?` for what they lack.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    from service_kit.stdio import standard_streams

    from agent_engine.cli.app import app

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=None if sys.stdout.isatty() else "utf-8", errors="replace")
    with standard_streams():
        app()


if __name__ == "__main__":
    main()
