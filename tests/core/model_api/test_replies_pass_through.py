"""Requests go on with the vendor's key, replies come back as they are, and nothing is held back."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import anthropic
import asyncpg
import httpx
import pytest
from agent_effects import spent
from core.model_api.house import MODEL, UPSTREAM_KEY, House, ask, house
from fixtures.serving import serving
from stand_ins.model.reply import sse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

Answer = Callable[[Request], Awaitable[Response]]
ODD_ERROR = b'{ "type":"error",\n "error": {"type": "overloaded_error", "message": "\xc3\xa4\\u00e4"}  }\n\n'


def vendor(answer: Answer) -> Starlette:
    """Make a vendor of one answer."""
    return Starlette(routes=[Route("/v1/messages", answer, methods=["POST"])])


async def test_an_ordinary_client_gets_whole_replies_and_streams(api: House) -> None:
    """The vendor's own client works unchanged, with the model token where its key goes."""
    async with api.client() as client:
        whole = await client.messages.create(**ask("SCENARIO:text"))
        async with client.messages.stream(**ask("SCENARIO:text")) as stream:
            streamed = await stream.get_final_message()
    assert whole.content[0].type == streamed.content[0].type == "text"
    assert whole.content[0].text == streamed.content[0].text == "All is well."
    assert whole.usage.output_tokens == streamed.usage.output_tokens > 0


async def test_the_vendor_sees_its_key_and_nothing_of_the_caller(api: House) -> None:
    """Of the caller's headers only version and betas go on; the model token stays here."""
    betas = "claude-code-20250219,effort-2025-11-24"
    headers = {"anthropic-beta": betas, "x-stainless-lang": "js", "x-claude-code-session-id": "s", "cookie": "c=1"}
    reply = await api.post(ask("SCENARIO:text"), headers=headers, path="/v1/messages?beta=true")
    assert reply.status_code == 200
    (seen,) = await api.upstream_seen()
    assert seen["query"] == "beta=true"
    assert seen["headers"].pop("user-agent").startswith("agent-bot-model-api/")
    expected = {"anthropic-beta": betas, "anthropic-version": "2023-06-01", "accept-encoding": "identity"}
    assert expected.items() <= seen["headers"].items()
    own = {"accept", "connection", "content-length", "content-type", "host"}
    assert seen["headers"].keys() - expected.keys() == own
    assert api.token() not in str(seen)


async def test_the_body_that_was_checked_is_the_body_that_is_sent(api: House) -> None:
    """What the vendor gets is the caller's document, made anew: numbers, unicode and order of keys as they were."""
    text = "SCENARIO:text \u00e4 \u2028 \U0001f600 \\u0000 <>"
    body = ask(text, system=[{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}], temperature=1.0)
    assert (await api.post(body)).status_code == 200
    (seen,) = await api.upstream_seen()
    assert seen["body"] == body
    assert list(seen["body"]) == list(body)


async def test_the_first_delta_comes_before_the_streams_end(api: House) -> None:
    """Nothing is held back: the first delta of a stream that never ends arrives."""
    async with api.client() as client, client.messages.stream(**ask("SCENARIO:stall")) as stream:
        async with asyncio.timeout(30):
            first = await anext(aiter(stream.text_stream))
    assert first.startswith("Let me")


async def test_a_client_that_leaves_ends_the_upstream_request(api: House) -> None:
    """The vendor's side of the stream is closed at once, and what was reserved is paid."""
    async with api.client() as client, client.messages.stream(**ask("SCENARIO:stall")) as stream:
        await anext(aiter(stream.text_stream))
    async with asyncio.timeout(30):
        while not (await api.upstream_seen())[-1].get("left"):
            await asyncio.sleep(0.01)
    paid = await api.paid()
    assert paid.usage.input_tokens > 0
    assert paid.usage.output_tokens > 0


async def test_events_are_safe_for_readers_that_split_at_other_line_ends(
    tmp_path: Path, database_url: str, pool: asyncpg.Pool
) -> None:
    """What the vendor's JSON holds of U+0085 and U+2028 is escaped, also where two chunks share one."""

    async def answer(_: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            for byte in 'event: x\ndata: {"text": "one\u0085two\u2028three"}\n\n'.encode():
                yield bytes([byte])

        return StreamingResponse(parts(), media_type="text/event-stream")

    async with serving(vendor(answer)) as url, house(tmp_path, database_url, pool, upstream_url=url) as api:
        reply = await api.post(ask("x", stream=True))
        assert reply.text == 'event: x\ndata: {"text": "one\\u0085two\\u2028three"}\n\n'


async def test_the_vendors_errors_come_byte_for_byte(tmp_path: Path, database_url: str, pool: asyncpg.Pool) -> None:
    """Status, body and retry-after are the vendor's; cookies and its server's name stay away; nothing is paid."""

    async def answer(_: Request) -> Response:
        headers = {"retry-after": "7", "request-id": "req_1", "set-cookie": "a=b", "x-should-retry": "true"}
        headers |= {"anthropic-ratelimit-requests-remaining": "0", "anthropic-organization-id": "org"}
        return Response(ODD_ERROR, status_code=529, media_type="application/json", headers=headers)

    async with serving(vendor(answer)) as url, house(tmp_path, database_url, pool, upstream_url=url) as api:
        reply = await api.post(ask("x"))
        assert (reply.status_code, reply.content) == (529, ODD_ERROR)
        kept = {"retry-after": "7", "request-id": "req_1", "x-should-retry": "true"}
        assert kept.items() <= dict(reply.headers).items()
        assert reply.headers["anthropic-ratelimit-requests-remaining"] == "0"
        assert not {"set-cookie", "anthropic-organization-id", "x-agent-gateway-error"} & set(reply.headers)
        assert (await api.paid(0)).requests == 0


async def test_the_clients_own_errors_are_raised(api: House) -> None:
    """An ordinary client raises for the vendor's errors what it raises without model-api."""
    async with api.client() as client:
        for scenario in ("auth-401", "rate-429", "server-500", "overloaded-529"):
            with pytest.raises(anthropic.APIStatusError) as caught:
                await client.messages.create(**ask(f"SCENARIO:{scenario}"))
            assert caught.value.status_code == int(scenario[-3:])
            assert "x-agent-gateway-error" not in caught.value.response.headers


async def test_a_silent_vendor_is_a_timeout(tmp_path: Path, database_url: str, pool: asyncpg.Pool) -> None:
    """Before the reply begins it is 504 in the vendor's shape, and what was reserved is paid."""
    async with house(tmp_path, database_url, pool, upstream_seconds="0.3") as api:
        reply = await api.post(ask("SCENARIO:hang"))
        assert (reply.status_code, reply.json()["error"]["type"]) == (504, "timeout_error")
        assert reply.headers["x-agent-gateway-error"] == "upstream_timeout"
        assert (await api.paid()).usage.input_tokens > 0


async def test_an_unreachable_vendor_costs_nothing(tmp_path: Path, database_url: str, pool: asyncpg.Pool) -> None:
    """Nothing was sent, so it is 502 and nothing is paid."""
    async with house(tmp_path, database_url, pool, upstream_url="http://127.0.0.1:9") as api:
        reply = await api.post(ask("SCENARIO:text"))
        assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (502, "upstream_unreachable")
        assert "cannot be reached now (connection refused)" in reply.json()["error"]["message"]
        assert (await api.paid(0)).requests == 0


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_cut_reply_is_cut_and_paid(api: House, streamed: bool) -> None:
    """The caller sees the vendor's cut as a cut; what was reserved is paid, never nothing."""
    with pytest.raises(httpx.RemoteProtocolError):
        await api.post(ask("SCENARIO:cut", stream=streamed))
    paid = await api.paid()
    assert paid.usage.input_tokens > 0
    assert paid.usage.output_tokens > 0


async def test_an_endless_reply_is_cut(tmp_path: Path, database_url: str, pool: asyncpg.Pool) -> None:
    """A reply past the limit ends there, and what was reserved is paid."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(1_000):
            yield b": " + b"x" * 10_000 + b"\n\n"
            await asyncio.sleep(0.001)

    async def answer(_: Request) -> Response:
        return StreamingResponse(chunks(), media_type="text/event-stream")

    async with (
        serving(vendor(answer)) as url,
        house(tmp_path, database_url, pool, upstream_url=url, max_reply_bytes="200000") as api,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            await api.post(ask("x", stream=True))
        assert (await api.paid()).requests == 1


@pytest.mark.parametrize(("said", "paid"), [([30, 70], 70), ([30, None], 30), ([None], 100), ([-1], 100)])
async def test_a_streams_last_usage_is_paid(
    tmp_path: Path, database_url: str, pool: asyncpg.Pool, said: list[int | None], paid: int
) -> None:
    """Of several usages the last counts; where none has a figure, what was reserved is paid."""

    async def chunks() -> AsyncIterator[bytes]:
        yield sse({"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}})
        for output in said:
            usage = {} if output is None else {"output_tokens": output}
            yield sse({"type": "message_delta", "delta": {}, "usage": usage})
            await asyncio.sleep(0.05)
        yield sse({"type": "message_stop"})

    async def answer(_: Request) -> Response:
        return StreamingResponse(chunks(), media_type="text/event-stream")

    async with serving(vendor(answer)) as url, house(tmp_path, database_url, pool, upstream_url=url) as api:
        assert (await api.post(ask("x", stream=True))).status_code == 200
        assert (await api.paid()).usage.output_tokens == paid


async def test_count_tokens_passes_and_is_free(api: House) -> None:
    """Counting goes to the vendor and costs nothing."""
    async with api.client() as client:
        count = await client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "x" * 400}])
    assert count.input_tokens > 100
    assert (await spent(api.pool, api.run.task)).requests == 0


async def test_the_key_shows_nowhere(api: House, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither replies, nor metrics, nor /ready, nor the log hold the vendor's key."""
    replies = [await api.post(ask("SCENARIO:text")), await api.post(ask("SCENARIO:auth-401"))]
    replies += [await api.http.get(path) for path in ("/health", "/ready", "/metrics")]
    shown = "".join(reply.text + str(reply.headers) for reply in replies) + "".join(capfd.readouterr())
    assert UPSTREAM_KEY not in shown


@pytest.mark.slow
async def test_many_streams_run_side_by_side(api: House) -> None:
    """Forty slow streams at once take less than half of what they would one after the other."""
    await api.put("slow-stream", {"steps": [{"text": "x" * 100, "pause": 0.1}]})
    begun = time.monotonic()
    await api.post(ask("SCENARIO:slow-stream", stream=True))
    one = time.monotonic() - begun
    replies = await asyncio.gather(*(api.post(ask("SCENARIO:slow-stream", stream=True)) for _ in range(40)))
    assert {reply.status_code for reply in replies} == {200}
    assert time.monotonic() - begun - one < 20 * one
    assert (await api.paid(41)).requests == 41
