"""What a run spends is recorded for its task, at the model's prices, and a budget that is used up is 402."""

from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest
from agent_contracts import Budget
from agent_stores.pool import open_pool
from core.model_api.house import MODEL, House, ask, house
from structlog.testing import capture_logs

USAGE = {
    "input_tokens": 1_000,
    "output_tokens": 100,
    "cache_read_input_tokens": 2_000,
    "cache_creation_input_tokens": 400,
}
COST = Decimal("2") * 1_000 + Decimal("10") * 100 + Decimal("0.1") * 2_000 + Decimal("2.5") * 400
"""Claude Sonnet 5.5 by the vendor's price list: dollars per million tokens, so this is in millionths of a dollar."""


async def use(api: House, usage: dict[str, int], *, streamed: bool = True) -> None:
    """Have the model use exactly so much."""
    await api.put("exact", {"steps": [{"text": "ok", "usage": usage}]})
    reply = await api.post(ask("SCENARIO:exact", stream=streamed))
    assert reply.status_code == 200


@pytest.mark.parametrize("streamed", [True, False])
async def test_usage_is_recorded_at_the_models_prices(api: House, streamed: bool) -> None:
    """The figures of the reply, streamed or not, become the task's spending, the cache's tokens included."""
    await use(api, USAGE, streamed=streamed)
    paid = await api.paid()
    assert paid.usd == COST / 1_000_000
    assert paid.tokens == sum(USAGE.values())
    assert (paid.usage.input_tokens, paid.usage.cache_read_tokens, paid.usage.cache_write_tokens) == (1_000, 2_000, 400)
    row = await api.pool.fetchrow("select tenant, model, attempt from gateway.spend")
    assert row is not None
    assert tuple(row) == ("default", MODEL, 1)


@pytest.mark.parametrize(
    ("budget", "name", "said"),
    [
        (Budget(usd="0.002", tokens=1_000_000), "budget_usd", "budget of 0.002 US dollars"),
        (Budget(usd="10", tokens=500), "budget_tokens", "budget of 500 tokens"),
        (Budget(usd="0"), "budget_usd", "budget of 0 US dollars"),
    ],
)
async def test_a_used_up_budget_is_402_and_named(api: House, budget: Budget, name: str, said: str) -> None:
    """The request after the one that used the budget up is refused; one of several budgets suffices."""
    if budget.usd != 0:
        await api.put("exact", {"steps": [{"text": "ok", "usage": {"input_tokens": 1_000}}]})
        assert (await api.post(ask("SCENARIO:exact"), token=api.token(budget=budget))).status_code == 200
    reply = await api.post(ask("SCENARIO:text"), token=api.token(budget=budget))
    assert (reply.status_code, reply.json()["error"]["type"]) == (402, "billing_error")
    assert reply.headers["x-agent-gateway-error"] == name
    assert said in reply.json()["error"]["message"]
    assert len(await api.upstream_seen()) == (0 if budget.usd == 0 else 1)


async def test_the_next_request_sees_what_the_last_one_spent(api: House) -> None:
    """A request sent the moment the last one's stream ended is judged by what that one cost."""
    token = api.token(budget=Budget(tokens=500))
    await api.put("exact", {"steps": [{"text": "ok", "usage": {"input_tokens": 1_000}}]})
    for _ in range(5):
        async with api.http.stream(
            "POST",
            "/v1/messages",
            json=ask("SCENARIO:exact", stream=True),
            headers={"x-api-key": token, "anthropic-version": "2023-06-01"},
        ) as first:
            async for line in first.aiter_lines():
                if "message_stop" in line:
                    break
            reply = await api.post(ask("SCENARIO:text"), token=token)
            assert reply.status_code == 402
        await api.pool.execute("delete from gateway.spend")


async def test_budgets_are_the_tasks_over_all_attempts(api: House) -> None:
    """What an earlier attempt spent counts for the next one."""
    await use(api, {"input_tokens": 1_000})
    await api.paid()
    await api.pool.execute("update ledger.tasks set attempt = attempt + 1 where id = $1", api.run.task)
    reply = await api.post(ask("SCENARIO:text"), token=api.token(attempt=2, budget=Budget(tokens=1_000)))
    assert reply.headers["x-agent-gateway-error"] == "budget_tokens"


async def test_without_the_database_nothing_is_sent(tmp_path: Path, database_url: str, pool: asyncpg.Pool) -> None:
    """Where the budget cannot be checked the answer is 503, /ready says so, and /health does not care."""
    own = await open_pool(database_url, size=2, application="tests")
    async with house(tmp_path, database_url, own) as api:
        own.terminate()
        reply = await api.post(ask("SCENARIO:text"))
        assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (503, "spending_unavailable")
        assert await api.upstream_seen() == []
        assert (await api.http.get("/ready")).status_code == 503
        assert (await api.http.get("/health")).status_code == 200


async def test_each_request_is_counted_and_audited(api: House) -> None:
    """/metrics counts requests, tokens and dollars; one line says task, model, tokens, price, time and status."""
    with capture_logs() as logs:
        await use(api, USAGE)
        await api.post(ask("SCENARIO:rate-429"))
        await api.post(ask("x") | {"container": "c"})
    assert await api.metric("model_requests_total", model=MODEL, status="200") == 1
    assert await api.metric("model_requests_total", model=MODEL, status="429", reason="") == 1
    assert await api.metric("model_requests_total", model="none", status="400", reason="body") == 1
    assert await api.metric("model_tokens_total", model=MODEL, kind="cache_read") == 2_000
    assert await api.metric("model_usd_total", model=MODEL) == pytest.approx(float(COST) / 1e6)
    lines = [line for line in logs if line["event"] == "request"]
    assert [line["status"] for line in lines] == [200, 429, 400]
    said = {"task_id": str(api.run.task), "attempt": 1, "tenant": "default", "model": MODEL, "usd": "0.0042"}
    assert (said | {"input_tokens": 1_000, "output_tokens": 100, "estimated": False}).items() <= lines[0].items()
    assert lines[0]["ms"] > 0
