"""The outer ends of a run's loopback ports: each connection goes to the port's one target and nowhere else.

The listening sockets were opened inside the confinement and handed out, so nothing of ours runs beside the agent.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterable

from service_kit.log import get_logger

from agent_engine.confinement.layout import Target

PIECE = 64 * 1024
CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 2.0
MOST_CONNECTIONS = 128
"""Per port and run: a CLI needs a handful."""

log = get_logger(__name__)


class Forwarder:
    """Serves a run's openings until it is closed; owns the listening sockets."""

    def __init__(self, openings: Iterable[tuple[socket.socket, Target]]) -> None:
        self._openings = list(openings)
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to accept."""
        for listener, target in self._openings:
            server = await asyncio.start_server(self._accept(target), sock=listener, limit=PIECE)
            self._servers.append(server)

    async def close(self) -> None:
        """Stop accepting and cut every connection."""
        for server in self._servers:
            server.close()
        for listener, _ in self._openings:
            listener.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, target: Target) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        limit = asyncio.Semaphore(MOST_CONNECTIONS)

        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(target, limit, reader, writer))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

        return accepted

    async def _serve(
        self, target: Target, limit: asyncio.Semaphore, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        async with limit, _closing(writer):
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
