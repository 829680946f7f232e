"""What a caller posts to an MCP server is counted before it is read, and its values before it is parsed."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from core.mcp_kit.conftest import House, Running, Start
from core.mcp_kit.speaking import LEGACY, raw
from service_kit.bearer import new_token, token_hash


async def test_a_caller_past_its_share_is_refused_and_another_is_not(start: Start, house: House) -> None:
    """A run's requests count by its token, ten at once where it may make one call; another run has its own."""
    async with start(**house.environ, MCP_CALLS_PER_MINUTE="1") as running:
        token, other = house.token(), house.token()
        replies = await asyncio.gather(*(raw(running.url, "tools/list", {}, token) for _ in range(30)))
        refused = [reply for reply in replies if reply.status_code == 429]
        assert 10 <= len(refused) <= 20
        assert "this caller sent more than its share" in refused[0].json()["error"]["message"]
        assert int(refused[0].headers["retry-after"]) >= 1
        assert (await raw(running.url, "tools/list", {}, other)).status_code == 200


async def test_people_of_a_tenant_share_and_another_tenants_do_not(start: Start, tmp_path: Path) -> None:
    """Two people at their full rate use up their tenant's share, whether or not a run of it calls."""
    tenants = {"ada": "acme", "bob": "acme", "cy": "acme", "eve": "globex"}
    tokens = {name: new_token("person") for name in tenants}
    people = {name: {"tenant": tenants[name], "token_sha256": [token_hash(tokens[name])]} for name in tenants}
    (tmp_path / "access.yaml").write_text(json.dumps({"tenants": {"acme": {}, "globex": {}}, "people": people}))
    async with start(ACCESS_FILE=str(tmp_path / "access.yaml"), MCP_CALLS_PER_MINUTE="1") as running:
        asked = [raw(running.url, "tools/list", {}, tokens[name]) for name in ("ada", "bob", "cy") for _ in range(9)]
        refused = [reply for reply in await asyncio.gather(*asked) if reply.status_code == 429]
        assert 5 <= len(refused) <= 7
        assert "the tenant 'acme' sent more than its share" in refused[0].json()["error"]["message"]
        assert (await raw(running.url, "tools/list", {}, tokens["eve"])).status_code == 200


async def test_a_message_of_brackets_is_refused_by_its_bound_in_the_protocols_form(open_server: Running) -> None:
    """Too many values are an error of JSON-RPC that names the bound; a message in parts is bounded too."""

    async def parts() -> AsyncIterator[bytes]:
        yield b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"arguments": {"a": ['
        for _ in range(30):
            yield b"[]," * 10_000
        yield b"1]}}}"

    async with httpx.AsyncClient(trust_env=False, verify=False) as http:
        headers = {**LEGACY, "content-type": "application/json"}
        reply = await http.post(f"{open_server.url}/mcp", content=parts(), headers=headers)
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert error["code"] == -32600
    assert "more than 100000 values" in error["message"]
    assert open_server.tools.asked == []


async def test_who_is_not_known_is_refused_unread(closed_server: Running) -> None:
    """A request without a token that opens something is 401, whatever its body is."""
    for token in (None, "abp_unknown"):
        headers = {**LEGACY, **({"authorization": f"Bearer {token}"} if token else {})}
        async with httpx.AsyncClient(trust_env=False, verify=False) as http:
            reply = await http.post(f"{closed_server.url}/mcp", content=b"[" * 200_000, headers=headers)
        assert reply.status_code == 401
