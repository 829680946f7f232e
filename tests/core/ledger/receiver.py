"""A real HTTP receiver of signed results, whose replies the test chooses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Receiver:
    """What was received, in order, and what is answered: each reply once, the last one for ever."""

    origin: str = ""
    replies: list[str] = field(default_factory=lambda: ["204 No Content"])
    trickles: bool = False
    trickled: asyncio.Event = field(default_factory=asyncio.Event)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request and close."""
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.got.append((first, headers, body))
        if self.trickles:
            await _trickle(writer)
            self.trickled.set()
            return
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        writer.write(f"HTTP/1.1 {reply}\r\nlocation: {self.origin}/moved\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


async def _trickle(writer: asyncio.StreamWriter) -> None:
    """Answer with headers that never end, until nobody listens."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    with suppress(ConnectionError):
        while True:
            writer.write(b"x-more: please\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Run a receiver on a free port."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield receiver
        await asyncio.gather(*receiver.serving)
