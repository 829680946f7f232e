"""The forwarder's end: a connection whose bytes nobody takes holds up nothing."""

import asyncio
import socket
import time

from agent_engine.confinement.forward import Forwarder
from agent_engine.confinement.layout import Target


async def test_bytes_that_nobody_takes_hold_up_no_close() -> None:
    """A client that sends much to a server that never reads is cut when the run ends."""
    deaf = socket.create_server(("127.0.0.1", 0))
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    target = Target(host="127.0.0.1", port=deaf.getsockname()[1], tls=False)
    forwarder = Forwarder([(listener, target)])
    await forwarder.start()
    _, writer = await asyncio.open_connection(*listener.getsockname())
    writer.write(b"x" * 50_000_000)
    await asyncio.sleep(0.3)
    began = time.monotonic()
    async with asyncio.timeout(10):
        await forwarder.close()
    assert time.monotonic() - began < 5
    writer.transport.abort()
    deaf.close()
