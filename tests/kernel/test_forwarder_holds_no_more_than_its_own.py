"""The forwarder: bytes that nobody takes hold up nothing, a run takes its own descriptors, what is held waits."""

import asyncio
import contextlib
import socket
from pathlib import Path

import pytest
from agent_engine.confinement.forward import MOST_CONNECTIONS, Forwarder
from agent_engine.confinement.sandbox_paths import Target


async def test_bytes_that_nobody_takes_hold_up_no_close() -> None:
    """A client that sends much to a server that never reads is cut when the run ends."""
    deaf = socket.create_server(("127.0.0.1", 0))
    listener = socket.create_server(("127.0.0.1", 0))
    target = Target(host="127.0.0.1", port=deaf.getsockname()[1], tls=False)
    forwarder = Forwarder([(listener, target)])
    forwarder.start()
    _, writer = await asyncio.open_connection(*listener.getsockname())
    writer.write(b"x" * 50_000_000)
    await asyncio.sleep(0.3)
    async with asyncio.timeout(60):
        await forwarder.close()
    writer.transport.abort()
    deaf.close()


async def test_connections_beyond_the_bound_cost_no_descriptors() -> None:
    """However many connections a run opens, the worker holds those that it serves, and serves others afterwards."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    target = Target(host="127.0.0.1", port=server.sockets[0].getsockname()[1], tls=False)
    forwarder = Forwarder([(listener, target) for listener in listeners])
    before = descriptors()
    forwarder.start()
    flood = [await asyncio.open_connection(*listeners[at % 2].getsockname()) for at in range(3 * MOST_CONNECTIONS)]
    answers = await asyncio.gather(*(ask(*ends) for ends in flood))
    assert (answers.count(b"x"), answers.count(b"")) == (MOST_CONNECTIONS, 2 * MOST_CONNECTIONS)
    for (_, writer), said in zip(flood, answers, strict=True):
        if not said:
            await cut(writer)
    ends_of_client_and_server = 2 * MOST_CONNECTIONS
    assert descriptors() - before == ends_of_client_and_server + 2 * MOST_CONNECTIONS
    assert str(2 * MOST_CONNECTIONS) in forwarder.reached()[0]
    for _, writer in flood:
        await cut(writer)
    async with asyncio.timeout(60):
        while await ask(*await asyncio.open_connection(*listeners[0].getsockname()), leave=True) != b"x":
            await asyncio.sleep(0.02)
    await forwarder.close()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("seconds", [60.0, 0.3])
async def test_what_is_held_waits_for_its_release(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """A connection to the held address is taken and passed on after the release, or once it has waited long enough."""
    monkeypatch.setattr("agent_engine.confinement.forward.HOLD_SECONDS", seconds)
    servers = [await asyncio.start_server(echo, "127.0.0.1", 0) for _ in range(2)]
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in servers]
    held, other = (Target(host="127.0.0.1", port=one.sockets[0].getsockname()[1], tls=False) for one in servers)
    forwarder = Forwarder(zip(listeners, (held, other), strict=True), held=held)
    forwarder.start()
    ends = [await asyncio.open_connection(*listener.getsockname()) for listener in listeners]
    asking = asyncio.create_task(ask(*ends[0]))
    assert await ask(*ends[1]) == b"x"
    await asyncio.sleep(0.1)
    assert not asking.done()
    if seconds > 1:
        forwarder.release()
    async with asyncio.timeout(10):
        assert await asking == b"x"
    await forwarder.close()
    for (_, writer), server in zip(ends, servers, strict=True):
        await cut(writer)
        server.close()
        await server.wait_closed()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Give back what comes."""
    with contextlib.suppress(OSError):
        while piece := await reader.read(100):
            writer.write(piece)
    writer.close()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, leave: bool = False) -> bytes:
    """Send a byte and give the answer; nothing where the connection was refused."""
    try:
        writer.write(b"x")
        return await reader.read(1)
    except OSError:
        return b""
    finally:
        if leave:
            await cut(writer)


async def cut(writer: asyncio.StreamWriter) -> None:
    """End a connection at once."""
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def descriptors() -> int:
    """Count what this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
