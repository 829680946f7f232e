"""Runs an ASGI app as a process: bind checks, graceful stop, errors as one clear line."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from service_kit.errors import ConfigError
from service_kit.flood_guard import FloodGuard
from service_kit.origins import is_loopback
from service_kit.stdio import print_error


def check_bind(host: str, *, authenticated: bool, allow_public: bool = False, setting: str = "HOST") -> None:
    """Check that a process listens beyond loopback only if callers must authenticate, or the operator allows it.

    Raises:
        ConfigError: it would; names `setting`, the variable that sets the address.
    """
    if authenticated or allow_public or is_loopback(host):
        return
    raise ConfigError(
        f"{setting}={host} would be open to the network without authentication: bind 127.0.0.1, "
        "configure tokens, or set ALLOW_UNAUTHENTICATED=true"
    )


async def serve(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    grace_seconds: float = 3.0,
    date_header: bool = True,
    settings: str = "PORT or --port",
    started: Callable[[], None] | None = None,
) -> None:
    """Serve an app until SIGTERM or SIGINT, then let open requests end within the grace period.

    A gateway adds no Date header, as it passes on its upstream's. `settings` names what sets the port.
    `started` is called once the app takes requests.

    Raises:
        ConfigError: the address cannot be bound; names it and the remedy.
    """
    config = uvicorn.Config(
        FloodGuard(app),
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=date_header,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(grace_seconds)),
    )
    server = Server(config, started)
    with bind(host, port, settings) as listener:
        await server.serve(sockets=[listener])
    if not server.started:
        raise ConfigError("the server did not start: see the log line above")


class Server(uvicorn.Server):
    """A uvicorn server that returns on a signal. Uvicorn's own raises the signal again, so code after it never runs."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None] | None = None) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, and announce it."""
        await super().startup(sockets)
        if self.started and self._announce is not None:
            self._announce()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT while serving."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)


def bind(host: str, port: int, settings: str = "PORT or --port") -> socket.socket:
    """Open the listening socket. `settings` names the variable or option that sets the port.

    Raises:
        ConfigError: the address is in use or is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY on what it accepts: else a reply waits 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise ConfigError(
            f"cannot listen on {host}:{port}: {reason}. Stop what uses that port, or choose another with {settings}"
        ) from None
    return listener


def run(main: Coroutine[Any, Any, int | None]) -> int:
    """Run a process's main coroutine and return the exit status. A ConfigError is printed as one line; its status is 2.

    The event loop is uvloop's where uvloop is installed, else asyncio's own.
    """
    try:
        # Closed where it never began, as Ctrl-C came before.
        with contextlib.closing(main), asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(main) or 0
    except ConfigError as error:
        print_error(f"error: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    except asyncio.CancelledError:
        return 143


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
