"""What the core of model-api promises, whatever API it speaks: closed bodies, reservations, usage counted once."""

import json

import httpx
import pytest
from agent_contracts import Budget
from agent_effects import spent
from conformance.dialects.conftest import Gateway


async def test_an_unlisted_field_is_refused_in_the_dialects_form(gateway: Gateway) -> None:
    """A body is closed: the refusal names the field, the vendor is not asked and nothing is paid."""
    reply = await gateway.ask(unlisted=1)
    _, message = gateway.case.error_of(reply.json())
    assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (400, "body")
    assert "unlisted" in message
    assert gateway.vendor.bodies == []
    assert (await spent(gateway.api.pool, gateway.api.run.task)).requests == 0


async def test_a_field_given_twice_is_refused(gateway: Gateway) -> None:
    """A body that two readers could read differently does not go on."""
    body = json.dumps(gateway.case.body(100, False)).encode()
    reply = await gateway.send(b'{"model": "other", ' + body[1:])
    assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (400, "body")
    assert gateway.vendor.bodies == []


async def test_what_a_request_may_cost_is_reserved_before_it_is_sent(gateway: Gateway) -> None:
    """When the vendor gets the request its reservation is in the database."""
    gateway.vendor.reply = gateway.case.whole(5, 7)
    assert (await gateway.ask()).status_code == 200
    assert gateway.vendor.reserved == [1]


async def test_output_is_capped_to_what_is_left(gateway: Gateway) -> None:
    """The vendor is asked for less output than the caller wanted, and for nothing else that differs."""
    gateway.vendor.reply = gateway.case.whole(5, 7)
    wanted = gateway.case.body(90_000, False)
    assert (await gateway.send(wanted, budget=Budget(tokens=3_000))).status_code == 200
    (seen,) = gateway.vendor.bodies
    cap = seen[gateway.case.output_field]
    assert 0 < cap < 3_000
    assert seen == wanted | {gateway.case.output_field: cap}


async def test_a_used_up_budget_is_refused_in_the_dialects_form(gateway: Gateway) -> None:
    """A budget that is too small is 402 and named, and the vendor is not asked."""
    reply = await gateway.send(gateway.case.body(100, False), budget=Budget(tokens=0))
    kind, message = gateway.case.error_of(reply.json())
    assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (402, "budget_tokens")
    assert kind
    assert "budget of 0 tokens" in message
    assert gateway.vendor.bodies == []


async def test_a_whole_replys_usage_is_paid(gateway: Gateway) -> None:
    """What the reply says takes the reservation's place, at the dialect's price."""
    gateway.vendor.reply = gateway.case.whole(50, 7)
    assert (await gateway.ask()).json() == gateway.vendor.reply
    paid = await gateway.api.paid()
    assert (paid.requests, paid.usage.input_tokens, paid.usage.output_tokens) == (1, 50, 7)
    assert paid.usd > 0


async def test_a_streams_last_usage_is_paid_once(gateway: Gateway) -> None:
    """A stream that says its usage several times costs the last, not their sum; its bytes pass unchanged."""
    gateway.vendor.reply = gateway.case.stream(50, [30, 70])
    assert (await gateway.ask(stream=True)).content == b"".join(gateway.vendor.reply)
    paid = await gateway.api.paid()
    assert (paid.requests, paid.usage.input_tokens, paid.usage.output_tokens) == (1, 50, 70)


async def test_a_stream_that_is_cut_before_its_last_usage_costs_an_estimate(gateway: Gateway) -> None:
    """The caller sees the cut, and pays at least what came; it is told as an estimate."""
    gateway.vendor.reply, gateway.vendor.cut = gateway.case.stream(50, [70])[:1], True
    with pytest.raises(httpx.RemoteProtocolError):
        await gateway.ask(stream=True)
    paid = await gateway.api.paid()
    assert paid.usage.output_tokens == 100
    assert paid.usage.input_tokens >= 50
    assert 0 < paid.estimated_usd == paid.usd


async def test_what_the_vendor_refuses_costs_nothing(gateway: Gateway) -> None:
    """The vendor's own error passes as it is, and the reservation is released."""
    gateway.vendor.reply, gateway.vendor.status = {"error": "busy"}, 529
    reply = await gateway.ask()
    assert (reply.status_code, reply.json()) == (529, {"error": "busy"})
    assert "x-agent-gateway-error" not in reply.headers
    assert (await gateway.api.paid(0)).requests == 0


async def test_an_attempt_that_ended_asks_no_more(gateway: Gateway) -> None:
    """The fence holds for every dialect: a token of another attempt is refused before the vendor is asked."""
    reply = await gateway.send(gateway.case.body(100, False), attempt=7)
    assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (403, "stale_attempt")
    assert gateway.vendor.bodies == []


async def test_unknown_paths_are_refused_in_the_dialects_form(gateway: Gateway) -> None:
    """The message names the routes that the dialect serves."""
    reply = await gateway.api.http.post("/elsewhere")
    assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (404, "unknown_route")
    assert f"POST {gateway.case.path}" in gateway.case.error_of(reply.json())[1]
