"""A server waits for the second or two after which the gateway's limit takes a request, and for no longer."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from core.mcp_kit.corkboard import Corkboard, CorkboardSettings, said
from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed, Unavailable
from mcp_kit.vendor_client import VendorClient
from mcp_kit.vendor_path import path_of
from service_kit.settings import load

LIMITED = {"message": "more than 10 requests a second", "reason": "rate", "remedy": "Wait."}
NOTE = {"id": 7, "text": "milk"}
PATH = path_of("/boards/{}/notes", "team")


@pytest.fixture
async def gateway() -> AsyncIterator[Corkboard]:
    """The running gateway."""
    async with Corkboard().running() as running:
        yield running


@asynccontextmanager
async def _client_of(url: str, **environ: str) -> AsyncIterator[VendorClient]:
    settings = load(CorkboardSettings, {"CORKBOARD_API_URL": url, "CORKBOARD_TOKEN": "t0ken-of-8", **environ})
    client = VendorClient(settings, name="Corkboard", command="corkboard-mcp", headers={})
    try:
        yield client
    finally:
        await client.aclose()


def _limits(gateway: Corkboard, seconds: int, *, reason: str = "rate") -> None:
    gateway.says(LIMITED, 429, x_agent_gateway_error=reason, retry_after=str(seconds))


async def test_a_refused_request_is_sent_again_after_the_wait(gateway: Corkboard) -> None:
    """The same request goes again after the seconds that Retry-After names, with the key of the same write."""
    async with gateway.tools(CORKBOARD_GATEWAY="true") as client:
        _limits(gateway, 1)
        gateway.says(NOTE, 201)
        began = time.monotonic()
        meta = {"agent-bot/idempotency-key": "k1"}
        result = await client.call_tool_mcp("note_write", {"board": "team", "text": "milk"}, meta=meta)
    assert not result.is_error
    assert time.monotonic() - began >= 1
    assert [request.headers["idempotency-key"] for request in gateway.asked] == ["k1:1", "k1:1"]


async def test_a_long_wait_is_told(gateway: Corkboard) -> None:
    """A longer wait is the caller's: the call ends at once, and says that the write was not carried out."""
    async with gateway.tools(CORKBOARD_GATEWAY="true") as client:
        _limits(gateway, 3)
        text, is_error = await said(client, "note_write", text="milk")
    assert is_error
    assert "a second. This write was not carried out." in text
    assert "Wait. (Retry-After: 3 s)" in text
    assert len(gateway.asked) == 1


async def test_a_vendors_own_limit_is_told(gateway: Corkboard) -> None:
    """Without a gateway the vendor's word is told as before: it counts requests that come too early."""
    async with gateway.tools() as client:
        gateway.says({}, 429, retry_after="1")
        text, _ = await said(client, "list_notes")
    assert "Call again in 1 s" in text


async def test_the_waits_of_a_call_are_bounded(gateway: Corkboard) -> None:
    """A call that has waited long enough waits no more, so that its own time does not end meanwhile."""
    call = Call("note_write")
    call.progress.waited = 11
    _limits(gateway, 2)
    async with _client_of(gateway.url, CORKBOARD_GATEWAY="true") as client:
        with pytest.raises(ToolFailed, match="was not carried out"):
            await client.send(call, "POST", PATH, "team", body={})


async def test_a_read_that_fails_behind_a_write_says_that_the_write_was_done(gateway: Corkboard) -> None:
    """A failure to read what came of a write is not taken for a failure of the write."""
    call = Call("note_write")
    gateway.says(NOTE, 201)
    gateway.says({}, 404)
    async with _client_of(gateway.url) as client:
        await client.send(call, "POST", PATH, "team", success=201)
        with pytest.raises(ToolFailed) as failed:
            await client.send(call, "GET", PATH, "team")
    assert failed.value.message.endswith("(404). What this call wrote before is done: do not repeat that.")


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("environ", "who"), [({}, "Corkboard"), ({"CORKBOARD_GATEWAY": "true"}, "Corkboard's gateway")]
)
async def test_a_broken_connection_is_told_as_that(environ: dict[str, str], who: str) -> None:
    """No reply is said to be unusable where none came: it was the connection that broke, to whom is named."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, _client_of(url, **environ) as client:
        with pytest.raises(Unavailable) as failed:
            await client.send(Call("note_write"), "POST", PATH, "team")
    assert failed.value.message == f"The connection to {who} broke before its reply was whole."
    assert failed.value.next_step == "It may have been done: look before you repeat it."
