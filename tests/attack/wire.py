"""HTTP as it is written here, byte for byte: over a socket, without a client that would mend anything."""

import re
import socket
import time
from dataclasses import dataclass

STATUS = re.compile(rb"(?:\A|(?<=[\r\n}>0]))HTTP/1\.[01] (\d{3}) ")
REASON = re.compile(rb"^x-agent-gateway-error:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
MOST_BYTES = 4_000_000


@dataclass(frozen=True)
class Answer:
    """What came back on a connection.

    Attributes:
        raw: all of it.
        seconds: until the other side closed it, or nothing came any more.
        closed: whether the other side closed it.
    """

    raw: bytes
    seconds: float
    closed: bool

    @property
    def statuses(self) -> list[int]:
        """The status of each response."""
        return [int(status) for status in STATUS.findall(self.raw)]

    @property
    def status(self) -> int | None:
        """The first response's status."""
        return self.statuses[0] if self.statuses else None

    @property
    def reason(self) -> str | None:
        """The gateway's own reason."""
        found = REASON.search(self.raw)
        return found[1].decode().strip() if found else None

    @property
    def text(self) -> str:
        """All of it as text."""
        return self.raw.decode("utf-8", "replace")


def send(
    port: int, head: bytes, body: bytes, *, pause: float, drip: int, unread: float, quiet: float, within: float
) -> Answer:
    """Send a request and read until the other side closes or the time is over.

    Args:
        port: on loopback.
        head: all before the body.
        body: sent at once, but for the first `drip` bytes, which go out one by one with a `pause` between.
        pause: in seconds.
        drip: how many bytes go out singly; the rest is never sent then.
        unread: how long nothing is read.
        quiet: after this long without a further byte nothing more is awaited.
        within: seconds from the beginning.
    """
    began = time.monotonic()
    received = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=within) as connection:
        closed = False
        try:
            connection.sendall(head)
            if drip:
                _drip(connection, body[:drip], pause, until=began + within)
            else:
                connection.sendall(body)
        except OSError:
            closed = True
        if unread:
            time.sleep(unread)
        try:
            while len(received) < MOST_BYTES:
                left = began + within - time.monotonic()
                if left <= 0:
                    break
                connection.settimeout(min(left, quiet) if received else left)
                piece = connection.recv(65_536)
                if not piece:
                    closed = True
                    break
                received += piece
        except TimeoutError:
            pass
        except OSError:
            closed = True
    return Answer(bytes(received), time.monotonic() - began, closed)


def hold(port: int, request: bytes, *, pattern: str, within: float) -> tuple[socket.socket, Answer]:
    """Send a request and read until a pattern came; give the open connection with what was read."""
    began = time.monotonic()
    received = b""
    connection = socket.create_connection(("127.0.0.1", port), timeout=within)
    connection.sendall(request)
    while not re.search(pattern.encode(), received):
        piece = connection.recv(65_536)
        if not piece:
            return connection, Answer(received, time.monotonic() - began, closed=True)
        received += piece
    return connection, Answer(received, time.monotonic() - began, closed=False)


def _drip(connection: socket.socket, body: bytes, pause: float, *, until: float) -> None:
    connection.setblocking(False)
    for place in range(len(body)):
        if time.monotonic() > until:
            return
        connection.send(body[place : place + 1])
        time.sleep(pause)
        try:
            if connection.recv(1, socket.MSG_PEEK):
                break
            raise ConnectionResetError
        except BlockingIOError:
            continue
    connection.setblocking(True)
