"""The outer ends of a run's loopback ports: each connection goes to the port's one target and nowhere else.

The listening sockets were opened inside the confinement and handed out, so nothing of ours runs beside the agent.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from functools import partial

from service_kit.log import get_logger

from agent_engine.confinement.sandbox_paths import Target
from agent_engine.run_control import end_tasks

PIECE = 64 * 1024
CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 2.0
HOLD_SECONDS = 10.0
"""So long a held connection waits at the most: a CLI that asks the model before it names its servers goes on."""
AGAIN_SECONDS = 0.5
MOST_CONNECTIONS = 64
"""The most connections of one run at once: a CLI needs about five, and each takes two of the worker's descriptors."""

log = get_logger(__name__)


class Forwarder:
    """Serves a run's openings until it is closed; owns the listening sockets.

    Connections to the target `held` are taken, and passed on once `release` is called: a run that is about to end asks
    the model nothing.
    """

    def __init__(self, openings: Iterable[tuple[socket.socket, Target]], *, held: Target | None = None) -> None:
        self._openings = list(openings)
        self._held = held
        self._released = asyncio.Event()
        self._accepting: list[asyncio.Task[None]] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._refused = 0

    def start(self) -> None:
        """Begin to accept."""
        for listener, target in self._openings:
            listener.setblocking(False)
            self._accepting.append(asyncio.create_task(self._accept(listener, target)))

    def release(self) -> None:
        """Pass on what is held."""
        self._released.set()

    def reached(self) -> tuple[str, ...]:
        """Say whether the run came up against the bound on its connections."""
        if not self._refused:
            return ()
        return (f"limit on connections: {self._refused} beyond {MOST_CONNECTIONS} at once to its servers were refused",)

    async def close(self) -> None:
        """Stop accepting and cut every connection."""
        await end_tasks(*self._accepting)
        for listener, _ in self._openings:
            listener.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, listener: socket.socket, target: Target) -> None:
        """Take connections one by one, so that those beyond the bound hold no descriptor."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0)  # a flood must not keep the worker from its heartbeats
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError as error:
                log.warning("accept_failed", target=f"{target.host}:{target.port}", error=str(error))
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if len(self._connections) >= MOST_CONNECTIONS:
                self._refused += 1
                connection.close()
                continue
            task = asyncio.create_task(self._serve(target, connection))
            self._connections.add(task)
            task.add_done_callback(partial(self._ended, connection))

    async def _until_released(self) -> None:
        try:
            async with asyncio.timeout(HOLD_SECONDS):
                await self._released.wait()
        except TimeoutError:
            log.warning("held_long", seconds=HOLD_SECONDS)

    def _ended(self, connection: socket.socket, task: asyncio.Task[None]) -> None:
        self._connections.discard(task)
        connection.close()

    async def _serve(self, target: Target, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection, limit=PIECE)
        async with _closing(writer):
            if target == self._held:
                await self._until_released()
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    there_reader, there_writer = await _connect(target)
            except (OSError, TimeoutError) as error:
                log.warning("forward_failed", target=f"{target.host}:{target.port}", error=str(error))
                return
            async with _closing(there_writer), asyncio.TaskGroup() as group:
                group.create_task(_copy(reader, there_writer))
                group.create_task(_copy(there_reader, writer))


async def _connect(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = ssl.create_default_context() if target.tls else None
    return await asyncio.open_connection(target.host, target.port, ssl=context, limit=PIECE)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on as they come, then the end; a broken connection closes the other one too."""
    try:
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
    except OSError:
        writer.close()


@contextlib.asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close a connection at the end: in order, or at once when it is cut; bytes that nobody takes hold up nothing."""
    try:
        yield
    except BaseException:
        writer.transport.abort()
        raise
    finally:
        writer.close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await writer.wait_closed()
        except OSError:
            writer.transport.abort()
