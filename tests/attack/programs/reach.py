"""Tries ports of loopback, then addresses outside, if and only if no route leads out. Standard library only."""

import os
import socket
import sys
from pathlib import Path

from attack.programs.own import tell

OUTSIDE = [("192.0.2.1", 80), ("192.0.2.1", 443), ("192.0.2.1", 53)]


def reach(host: str, port: int) -> str:
    """Say what a connection comes to."""
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            connection.settimeout(0.5)
            return f"connected {connection.recv(200)!r}"
    except TimeoutError:
        return "connected and silent"
    except OSError as error:
        return os.strerror(error.errno or 0)


def names() -> None:
    """Ask for a name, and send datagrams."""
    try:
        socket.getaddrinfo("secret.example.invalid", 80)
        tell("names", "resolved")
    except OSError as error:
        tell("names", type(error).__name__)
    for address in OUTSIDE:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            try:
                datagrams.sendto(b"secret", address)
                tell(f"datagram {address}", "sent")
            except OSError as error:
                tell(f"datagram {address}", os.strerror(error.errno or 0))


def main(*ports: str) -> None:
    """Try."""
    routes = [line.split("\t")[0] for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    routes += [name for _, name in socket.if_nameindex() if name != "lo"]
    print("routes:", " ".join(routes) or "none")
    if ports == ("names",):
        if not routes:
            names()
        return
    for port in ports:
        print(port, reach("127.0.0.1", int(port)), "|", reach("::1", int(port)))
    tell(f"{len(ports)} ports", "all")
    if not routes:
        for host, port_outside in OUTSIDE:
            print(host, port_outside, reach(host, port_outside))
        tell(f"{len(OUTSIDE)} addresses", "all")


if __name__ == "__main__":
    main(*sys.argv[1:])
