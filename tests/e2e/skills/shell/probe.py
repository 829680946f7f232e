"""What an agent's shell looks for inside its confinement; prints what it found as one JSON document.

Argument: JSON of `paths` that should not be there and `addresses` to call. Standard library only.
"""

import contextlib
import hashlib
import json
import os
import socket
import sys
from pathlib import Path

SECONDS = 2.0


def environments() -> dict[str, dict[str, str]]:
    """Give every readable environment: names, and the digests of the values, which no masking can hide."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            pairs = [entry.partition(b"=") for entry in path.read_bytes().split(b"\0") if entry]
            found[str(path)] = {name.decode("utf-8", "replace"): digest(value) for name, _, value in pairs}
    return found


def digest(value: bytes) -> str:
    """Give a value's digest."""
    return hashlib.sha256(value).hexdigest()


def writable(top: str) -> list[str]:
    """Give the files below that can be opened for writing."""
    found = []
    for folder, _, files in os.walk(top):
        for name in files:
            path = str(Path(folder, name))
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW))
            except OSError:
                continue
            found.append(path)
    return found


def routes() -> list[str]:
    """Give the network's routes but for those of loopback, and its interfaces."""
    lines = Path("/proc/net/route").read_text().splitlines()[1:]
    names = [name for _, name in socket.if_nameindex()]
    return [line.split("\t")[0] for line in lines] + [name for name in names if name != "lo"]


def reaches(address: str) -> str:
    """Say what a connection comes to."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=SECONDS):
            return "connected"
    except OSError as error:
        return os.strerror(error.errno) if error.errno else type(error).__name__


def there(path: str) -> bool:
    """Say whether a path can be seen."""
    try:
        return Path(path).exists()
    except OSError:
        return False


def main() -> None:
    """Look, and print."""
    asked = json.loads(sys.argv[1])
    led_out = routes()
    Path("/tmp/mine").touch()
    print(
        json.dumps(
            {
                "environments": environments(),
                "processes": sorted(path.name for path in Path("/proc").glob("[0-9]*")),
                "seen": [path for path in asked["paths"] if there(path)],
                "proc_sys": writable("/proc/sys"),
                "mine": "/tmp/mine" in writable("/tmp"),
                "routes": led_out,
                "reaches": {} if led_out else {address: reaches(address) for address in asked["addresses"]},
            }
        )
    )


if __name__ == "__main__":
    main()
