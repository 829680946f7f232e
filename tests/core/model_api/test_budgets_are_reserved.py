"""What a request may cost is reserved before it is sent: by task, by skill and by tenant a day, over all instances."""

import asyncio
import os
import time
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import yaml
from agent_contracts import Budget
from agent_effects import spent
from core.model_api.house import MODEL, OTHER_MODEL, House, ask, house
from model_api import spending
from model_api.dialect import CheckedRequest, Operation
from model_api.dialects.messages import MessagesDialect
from starlette.datastructures import Headers

LITTLE = {"input_tokens": 20, "output_tokens": 5}


async def totals(pool: asyncpg.Pool) -> dict[str, tuple[Decimal, int]]:
    """Give the sums by scope."""
    rows = await pool.fetch(
        "select scope, sum(usd) as usd, sum(tokens)::bigint as tokens from gateway.totals group by 1"
    )
    return {row["scope"]: (row["usd"], row["tokens"]) for row in rows}


def write_access(path: Path, **budgets: Any) -> None:
    """Write an access file whose tenant has budgets."""
    path.write_text(yaml.safe_dump({"tenants": {"default": {"budgets": budgets}}}))


async def use(api: House, text: str = "SCENARIO:little", **changes: Any) -> httpx.Response:
    """Have the model use little."""
    await api.put("little", {"steps": [{"text": "ok", "usage": LITTLE}]})
    return await api.post(ask(text), token=api.token(**changes))


async def test_output_is_capped_to_what_is_left(api: House) -> None:
    """The vendor is asked for no more than the budget has; all else of the request stays as it was."""
    body = ask("SCENARIO:text", max_tokens=90_000)
    assert (await api.post(body, token=api.token(budget=Budget(tokens=1_000)))).status_code == 200
    (counted,) = await api.upstream_seen("/v1/messages/count_tokens")
    (seen,) = await api.upstream_seen()
    cap = seen["body"]["max_tokens"]
    assert 0 < 1_000 - cap < 200
    assert seen["body"] == body | {"max_tokens": cap}
    assert counted["body"] == {name: body[name] for name in ("model", "messages")}


class NoOutput(MessagesDialect):
    """A dialect whose operations produce no tokens, as embeddings do."""

    def check(self, operation: Operation, raw: bytes, headers: Headers, query: bytes) -> CheckedRequest:
        """Check a request that asks for no output."""
        return replace(super().check(operation, raw, headers, query), max_output=0)


async def test_a_request_without_output_costs_its_input(tmp_path: Path, database_url: str, pool: asyncpg.Pool) -> None:
    """An operation that produces no tokens reserves what its input may cost, and is refused where that does not fit."""
    async with house(tmp_path, database_url, pool, dialect=NoOutput()) as api:
        await api.put("little", {"steps": [{"text": "ok", "usage": LITTLE}]})
        body = ask("SCENARIO:little")
        for budget in (Budget(tokens=10), Budget(usd="0.000001")):
            assert (await api.post(body, token=api.token(budget=budget))).status_code == 402
        assert (await api.post(body, token=api.token(budget=Budget(tokens=1_000)))).status_code == 200
        assert (await api.paid()).usage.input_tokens == LITTLE["input_tokens"]


async def test_much_is_not_counted_beforehand(api: House) -> None:
    """With enough left the input's bound by bytes does, and the vendor is asked once."""
    assert (await api.post(ask("SCENARIO:text"))).status_code == 200
    assert await api.upstream_seen("/v1/messages/count_tokens") == []


async def test_a_vendor_that_does_not_count_leaves_the_bound(api: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the vendor gives no count, the bound by bytes decides."""
    monkeypatch.setattr("model_api.dialects.messages.MessagesDialect.count_path", "/v1/nothing")
    text = "SCENARIO:text " + "x" * 500
    assert (await api.post(ask(text), token=api.token(budget=Budget(tokens=1_400)))).status_code == 402
    assert (await api.post(ask(text), token=api.token(budget=Budget(tokens=2_000)))).status_code == 200


async def test_a_cut_stream_costs_what_it_said_and_what_may_have_come(api: House) -> None:
    """A stream whose last usage never came is settled at its input, and at most at the output that was reserved."""
    with pytest.raises(httpx.RemoteProtocolError):
        await api.post(ask("SCENARIO:cut", stream=True))
    paid = await api.paid()
    assert paid.usage.output_tokens == 100
    assert 10 < paid.usage.input_tokens < 100
    assert paid.usd == paid.estimated_usd == Decimal(paid.usage.input_tokens * 2 + 100 * 10) / 1_000_000
    row = await api.pool.fetchrow("select state, settled_at from gateway.spend")
    assert row is not None
    assert row["state"] == "settled"


@pytest.mark.parametrize("speed", [400, 1_000])
async def test_a_cut_stream_may_have_been_as_fast_as_the_operator_says(
    speed: int, tmp_path: Path, database_url: str, pool: asyncpg.Pool
) -> None:
    """For two seconds the fastest model may have written unseen, beside what came."""
    async with house(tmp_path, database_url, pool, MODEL_OUTPUT_PER_SECOND="" if speed == 400 else str(speed)) as api:
        with pytest.raises(httpx.RemoteProtocolError):
            await api.post(ask("SCENARIO:cut", stream=True, max_tokens=8_000))
        written = (await api.paid()).usage.output_tokens
    assert 2 * speed < written < 2 * speed + 400


@pytest.mark.parametrize(("stream", "least", "most"), [(False, 3_000, 3_000), (True, 1_100, 2_800)])
async def test_a_reply_that_nobody_waited_for_costs_what_may_have_been_written(
    stream: bool, least: int, most: int, api: House
) -> None:
    """A reply that is no stream says nothing before its end: all that was reserved; a stream what it had time for."""
    await api.put("late", {"steps": [{"text": "ok", "delay": 5}]})
    with pytest.raises(httpx.ReadTimeout):
        await api.http.post(
            "/v1/messages",
            json=ask("SCENARIO:late", max_tokens=3_000, stream=stream),
            headers={"x-api-key": api.token(), "anthropic-version": "2023-06-01"},
            timeout=1,
        )
    paid = await api.paid()
    assert least <= paid.usage.output_tokens <= most
    assert paid.estimated_usd == paid.usd


async def test_a_settlement_outlives_an_outage(api: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reply cost is recorded as soon as the database takes it, however often it has refused."""
    monkeypatch.setattr(spending, "SETTLE_PAUSE_SECONDS", 0.02)
    await api.pool.execute("alter function gateway.settle_spend rename to away")
    assert (await use(api)).status_code == 200
    await asyncio.sleep(0.5)
    assert (await spent(api.pool, api.run.task)).open == 1
    await api.pool.execute("alter function gateway.away rename to settle_spend")
    paid = await api.paid()
    assert (paid.tokens, paid.estimated_usd) == (25, Decimal(0))


@pytest.mark.parametrize("scenario", ["rate-429", "server-500", None])
async def test_what_cost_nothing_is_given_back(
    scenario: str | None, tmp_path: Path, database_url: str, pool: asyncpg.Pool
) -> None:
    """A refusal of the vendor, or no vendor at all, leaves every sum at nothing."""
    upstream = None if scenario else "http://127.0.0.1:9"
    async with house(tmp_path, database_url, pool, upstream_url=upstream) as api:
        assert (await api.post(ask(f"SCENARIO:{scenario}"))).status_code >= 429
        async with asyncio.timeout(30):
            while (await spent(pool, api.run.task)).requests:
                await asyncio.sleep(0.01)
        assert await totals(pool) == dict.fromkeys(("task", "skill", "tenant"), (Decimal(0), 0))


async def test_a_request_waits_for_what_another_holds(api: House) -> None:
    """Two at once, of which only one can be reserved whole: the second goes on when the first has given back."""
    await api.put("slow", {"steps": [{"text": "ok", "usage": LITTLE, "delay": 0.5}]})
    token = api.token(budget=Budget(tokens=400))
    bodies = [ask("SCENARIO:slow", max_tokens=200), ask("SCENARIO:slow", max_tokens=200)]
    replies = await asyncio.gather(*(api.post(body, token=token) for body in bodies))
    assert [reply.status_code for reply in replies] == [200, 200]
    assert (await api.paid(2)).tokens == 50


async def test_what_stays_held_is_429(api: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that is held and not used up is no 402: the run may ask again later."""
    monkeypatch.setattr(spending, "HELD_WAIT_SECONDS", 0.2)
    token = api.token(budget=Budget(tokens=300))
    async with api.client(token) as client, client.messages.stream(**ask("SCENARIO:stall", max_tokens=200)) as stream:
        await anext(aiter(stream.text_stream))
        reply = await api.post(ask("SCENARIO:text"), token=token)
    assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (429, "budget_held")
    assert "try again" in reply.json()["error"]["message"]
    await api.paid()
    assert (await api.post(ask("SCENARIO:text"), token=token)).status_code == 402


async def test_counting_reserves_nothing_but_holds_the_fence(api: House) -> None:
    """count_tokens is free even where nothing may be spent; an attempt that lost its lease may not even count."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": "x"}]}
    token = api.token(budget=Budget(tokens=0))
    assert (await api.post(body, path="/v1/messages/count_tokens", token=token)).status_code == 200
    assert await totals(api.pool) == {}
    stale = await api.post(body, path="/v1/messages/count_tokens", token=api.token(attempt=7))
    assert stale.headers["x-agent-gateway-error"] == "stale_attempt"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("budgets", "reason", "said"),
    [
        (
            {"skills": {"sample": {"usd": 0.001}}},
            "budget_skill_day",
            "has 0.00091 left of its budget of 0.001 US dollars a day (tenants.default.budgets.skills.sample.usd)",
        ),
        (
            {"day": {"tokens": 100}, "skills": {"other": {"usd": 0}}},
            "budget_tenant_day",
            "tenant 'default' has 75 left of its budget of 100 tokens a day (tenants.default.budgets.day.tokens)",
        ),
    ],
)
async def test_a_days_budget_is_of_all_tasks_and_named(
    budgets: dict[str, Any], reason: str, said: str, tmp_path: Path, database_url: str, pool: asyncpg.Pool
) -> None:
    """402 names the budget, its place in access.yaml, what is left and when it is whole again; a new one soon holds."""
    access = tmp_path / "access.yaml"
    write_access(access)
    async with house(tmp_path, database_url, pool, access_file=str(access)) as api:
        assert (await use(api)).status_code == 200
        await api.paid()
        write_access(access, **budgets)
        os.utime(access, (time.time() + 5,) * 2)
        await asyncio.sleep(1.1)
        reply = await use(api, "SCENARIO:little " + "x" * 1_000)
        assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (402, reason)
        message = reply.json()["error"]["message"]
        assert said in message
        assert "whole again at 20" in message
        assert (await use(api, skill="third")).status_code == (200 if reason == "budget_skill_day" else 402)


async def test_the_dearest_rate_is_reserved(api: House) -> None:
    """Input is reserved at the price of writing it to the cache, of the model that is asked."""
    with pytest.raises(httpx.RemoteProtocolError):
        await api.post(ask("SCENARIO:cut") | {"model": OTHER_MODEL}, token=api.token(models=[OTHER_MODEL]))
    paid = await api.paid()
    assert paid.usd == (paid.usage.input_tokens * Decimal("0.125") + Decimal("0.5") * 100) / 1_000_000


@pytest.mark.slow
async def test_the_figures_of_a_busy_task(api: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty at once: what is spent and held never passes the budget at any moment, and ends as the vendor's figures."""
    monkeypatch.setattr(spending, "HELD_WAIT_SECONDS", 120)
    await api.put("slow", {"steps": [{"text": "ok", "usage": LITTLE, "delay": 0.05}]})
    token, highest, done = api.token(budget=Budget(tokens=600)), 0, asyncio.Event()

    async def watch() -> None:
        nonlocal highest
        while not done.is_set():
            highest = max(highest, (await spent(api.pool, api.run.task)).tokens)

    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        try:
            replies = await asyncio.gather(*(api.post(ask("SCENARIO:slow"), token=token) for _ in range(50)))
        finally:
            done.set()
    statuses = Counter(reply.status_code for reply in replies)
    assert set(statuses) == {200, 402}
    assert highest <= 600
    spend = await api.paid(statuses[200])
    assert spend.tokens == statuses[200] * 25 == (await totals(api.pool))["task"][1]
    assert statuses[200] > 10
