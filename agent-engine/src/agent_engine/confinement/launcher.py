"""The first process of a run: opens what the worker needs, hands it out, and then becomes the CLI.

Runs alone (`python -I -S launcher.py FD`), so it imports the standard library only and nothing of ours. The worker
sends {ports, folders, program, argv, env, cwd, drop, rlimits} over the socket FD; the launcher sends back descriptors:
the folders, a listening socket for each port, and pidfds of itself and of the namespace's first process. Only then it
becomes the CLI, which inherits no descriptor.
"""

import json
import os
import resource
import signal
import socket
import sys

PR_SET_PDEATHSIG = 1
BACKLOG = 128


def main(descriptor: int) -> None:
    """Serve the worker's one request, then become the CLI."""
    worker = socket.socket(fileno=descriptor)
    with worker.makefile("rb") as reader:
        request = json.loads(reader.readline())
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        program = request["program"]
        if request["drop"] is not None:
            program = os.open(program, os.O_RDONLY | os.O_CLOEXEC) if "uid" in request["drop"] else program
            drop(request["drop"])
        os.chdir(request["cwd"])
        folders = [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in request["folders"]]
        listeners = [listen(port) for port in request["ports"]]
        given = folders + [listener.fileno() for listener in listeners]
        if hasattr(os, "pidfd_open"):
            given.append(os.pidfd_open(os.getpid()))
            if request["drop"] is None:
                given.append(os.pidfd_open(1))
        socket.send_fds(worker, [b"ready"], given)
        if reader.readline() != b"go\n":
            sys.exit("the worker is gone")
    worker.close()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for name, most in request["rlimits"].items():
        lower(getattr(resource, f"RLIMIT_{name}"), most)
    os.execve(program, request["argv"], request["env"])  # noqa: S606 - this is the CLI


def lower(which: int, most: int) -> None:
    """Lower a resource limit for good; one that is lower already stays."""
    hard = resource.getrlimit(which)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (most, most))


def listen(port: int) -> socket.socket:
    """Listen on loopback."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(BACKLOG)
    return listener


def drop(to: dict[str, int]) -> None:
    """Become another uid where one is named, and die with the worker."""
    import ctypes  # here: it takes 10 ms that bubblewrap has no use for

    libc = ctypes.CDLL(None)
    if "uid" in to:
        os.setgroups([])
        os.setresgid(to["uid"], to["uid"], to["uid"])
        os.setresuid(to["uid"], to["uid"], to["uid"])
    if sys.platform.startswith("linux"):
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
