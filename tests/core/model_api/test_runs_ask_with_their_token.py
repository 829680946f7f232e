"""Only a run's own model token opens model-api, for its models, while its attempt is live."""

import asyncio
from pathlib import Path

import anthropic
import pytest
from agent_contracts import Grant
from core.model_api.house import BUDGET, MODEL, OTHER_MODEL, VERSION, House, ask
from model_api.app import MAX_CONNECTIONS
from service_kit.connection_limit import CALLER_PART
from service_kit.keys import write_keys
from service_kit.tokens import Signer


def foreign(api: House, folder: Path) -> str:
    """Sign with a key of one's own."""
    write_keys(folder / "other.json", folder / "other-jwks.json")
    signer = Signer(folder / "other.json")
    return signer.model_token(
        task=api.run.task, attempt=1, tenant="default", models=[MODEL], budget=BUDGET, lifetime_seconds=60
    )


def task_token(api: House) -> str:
    """Give the run's token for a vendor."""
    return api.signer.task_token(
        task=api.run.task,
        attempt=1,
        tenant="default",
        vendor="github",
        audience=["github-mcp", "github-api"],
        grant=Grant(),
        lifetime_seconds=60,
    )


async def test_other_tokens_are_401(api: House, tmp_path: Path) -> None:
    """A missing, wrong, expired, altered or foreign token, or one for another door, is 401 in the vendor's shape."""
    tokens = {
        "missing": "",
        "malformed": "sk-ant-api03-abc",
        "expired": api.token(lifetime=-60),
        "signature": api.token()[:-6] + "AAAAAA",
        "unknown_key": foreign(api, tmp_path),
        "audience": task_token(api),
    }
    for said, token in tokens.items():
        headers = VERSION | ({"x-api-key": token} if token else {})
        for path in ("/v1/messages", "/v1/messages/count_tokens"):
            reply = await api.http.post(path, json=ask("SCENARIO:text"), headers=headers)
            assert (reply.status_code, reply.json()["error"]["type"]) == (401, "authentication_error")
            assert reply.headers["x-agent-gateway-error"] == "token"
            assert f"({said})" in reply.json()["error"]["message"]
    assert await api.upstream_seen() == []


async def test_a_bearer_token_serves_too_but_not_two_different_ones(api: House) -> None:
    """The token may come as Bearer; two tokens that differ are not chosen from."""
    async with anthropic.AsyncAnthropic(auth_token=api.token(), base_url=api.url, max_retries=0) as client:
        assert await client.messages.create(**ask("SCENARIO:text"))
    reply = await api.post(ask("SCENARIO:text"), headers={"authorization": f"Bearer {api.token()}"})
    assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (401, "token")


async def test_a_run_asks_its_models_only(api: House) -> None:
    """A model that the token does not name, or that is not served, is 403, which the CLI does not repeat."""
    cases = [
        ([MODEL], OTHER_MODEL, f"only {MODEL}"),
        ([], MODEL, "only none"),
        (["claude-opus-5-5"], "claude-opus-5-5", "adds it to MODELS"),
    ]
    for models, asked, said in cases:
        reply = await api.post(ask("SCENARIO:text") | {"model": asked}, token=api.token(models=models))
        assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (403, "model")
        assert said in reply.json()["error"]["message"]
    assert await api.upstream_seen() == []


@pytest.mark.slow
async def test_a_run_holds_its_share_of_the_requests(api: House) -> None:
    """Of the requests that a run has under way at once, those over its share are refused as a limit and not sent."""
    await api.put("slow", {"steps": [{"text": "ok", "delay": 2}]})
    share = MAX_CONNECTIONS // CALLER_PART
    replies = await asyncio.gather(*(api.post(ask("SCENARIO:slow")) for _ in range(share + 3)))
    refused = [reply for reply in replies if reply.status_code != 200]
    assert [(one.status_code, one.headers["x-agent-gateway-error"]) for one in refused] == [(429, "connections")] * 3
    assert f"this caller has {share} requests open, which is its share" in refused[0].json()["error"]["message"]
    assert refused[0].headers["retry-after"] == "30"
    assert len(await api.upstream_seen()) == share


@pytest.mark.parametrize("loss", ["attempt = attempt + 1", "lease_until = clock_timestamp() - interval '1 s'"])
async def test_a_lost_attempt_spends_no_more(api: House, loss: str) -> None:
    """Once another attempt runs, or the lease is over, the old token asks no more: the fence."""
    assert (await api.post(ask("SCENARIO:text"))).status_code == 200
    await api.pool.execute(f"update ledger.tasks set {loss} where id = $1", api.run.task)
    for path in ("/v1/messages", "/v1/messages/count_tokens"):
        body = ask("SCENARIO:text")
        if path.endswith("count_tokens"):
            del body["max_tokens"]
        reply = await api.post(body, path=path)
        assert (reply.status_code, reply.headers["x-agent-gateway-error"]) == (403, "stale_attempt")
    assert len(await api.upstream_seen()) == 1


async def test_web_pages_cannot_ask(api: House) -> None:
    """A foreign Host or Origin is refused before anything is read."""
    host = await api.post(ask("SCENARIO:text"), headers={"host": "evil.example"})
    origin = await api.post(ask("SCENARIO:text"), headers={"origin": "https://evil.example"})
    assert (host.status_code, origin.status_code) == (421, 403)
    for reply, reason, part in ((host, "host", "ALLOWED_HOSTS"), (origin, "origin", "ALLOWED_ORIGINS")):
        assert reply.headers["x-agent-gateway-error"] == reason
        assert (reply.json()["type"], part in reply.json()["error"]["message"]) == ("error", True)
