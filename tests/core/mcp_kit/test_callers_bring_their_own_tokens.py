"""Where an operator allows it, each caller over HTTP brings a vendor's token of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from core.mcp_kit.corkboard import Corkboard, CorkboardSettings, corkboard_server
from core.mcp_kit.speaking import MODES, answer_of, call, client, raw, text_of
from fixtures.serving import serving
from mcp_kit.app import build_app
from mcp_kit.caller import TokenBringers
from service_kit.bearer import token_hash
from service_kit.errors import ConfigError
from service_kit.serve import check_bind
from service_kit.settings import load

NOTE = {"id": 7, "text": "milk"}
ALLOWED = {"CORKBOARD_PERSONAL_TOKENS": "true", "MCP_SERVER_TRANSPORT": "http"}
ANN, BOB = "ck_" + "a" * 36, "ck_" + "b" * 36
READ = {"name": "list_notes", "arguments": {"board": "team"}}


@pytest.fixture
async def corkboard() -> AsyncIterator[Corkboard]:
    """The running vendor."""
    async with Corkboard().running() as running:
        yield running


Served = Callable[..., AbstractAsyncContextManager[str]]


@pytest.fixture
def served(corkboard: Corkboard) -> Served:
    """Give what serves the vendor's server, to callers with tokens of their own."""

    @asynccontextmanager
    async def serve(**environ: str) -> AsyncIterator[str]:
        settings = load(CorkboardSettings, {"CORKBOARD_API_URL": corkboard.url, **ALLOWED, **environ})
        async with serving(build_app(corkboard_server(settings), settings)) as url:
            yield url

    return serve


@pytest.mark.parametrize("mode", MODES)
async def test_each_call_goes_out_by_its_callers_token(corkboard: Corkboard, served: Served, mode: str) -> None:
    """The vendor gets the token of the caller whose call it is, and of no other."""
    async with served() as url:
        for token in (ANN, BOB, ANN):
            corkboard.says([NOTE])
            assert "milk" in text_of(await call(url, mode, "list_notes", {"board": "team"}, token))
    assert [request.headers["x-corkboard-key"] for request in corkboard.asked] == [ANN, BOB, ANN]
    assert all("authorization" not in request.headers for request in corkboard.asked)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic eDp5"}, {"authorization": f"Bearer {ANN} x"}])
async def test_without_a_token_of_ones_own_nothing_opens(
    corkboard: Corkboard, served: Served, headers: dict[str, str]
) -> None:
    """A request without a usable token is 401 on each endpoint, and the vendor hears nothing."""
    async with served() as url, httpx.AsyncClient(verify=False, base_url=url, headers=headers) as http:
        for reply in (await http.post("/mcp", json={}), await http.get("/sse"), await http.post("/messages/", json={})):
            assert reply.status_code == 401
            assert reply.headers["www-authenticate"].startswith("Bearer")
            assert "Send your own Corkboard token in Authorization: Bearer." in reply.json()["error_description"]
    assert not corkboard.asked


async def test_a_token_is_repeated_nowhere(
    corkboard: Corkboard, served: Served, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the vendor repeats of a token is masked in the reply, and no log line holds it."""
    async with served() as url:
        corkboard.says({}, 401)
        refused = answer_of(await raw(url, "tools/call", READ, ANN))["result"]
        odd = await raw(url, "tools/call", READ, "Bearer " + BOB)
        async with httpx.AsyncClient(verify=False, base_url=url) as http:
            metrics = (await http.get("/metrics")).text
    told = refused["content"][0]["text"]
    assert refused["isError"]
    assert "set a valid Corkboard token in the Authorization header of this client" in told
    written = "".join([told, odd.text, metrics, caplog.text, *capsys.readouterr()])
    assert ANN not in written
    assert BOB not in written


async def test_callers_are_told_apart_by_a_hash(corkboard: Corkboard, served: Served) -> None:
    """Each token has a rate of its own; the same token is the same caller in each session."""
    found = TokenBringers(vendor="corkboard", title="Corkboard").identify(ANN)
    assert found.id == f"token:{token_hash(ANN)[:32]}"
    assert ANN not in repr(found)
    async with served(MCP_CALLS_PER_MINUTE="10") as url:
        texts = []
        for token in (ANN, ANN, BOB):
            corkboard.says([NOTE])
            texts.append((await raw(url, "tools/call", READ, token)).text)
    assert ["too many calls" in text for text in texts] == [False, True, False]


async def test_a_session_is_its_callers_alone(served: Served) -> None:
    """A message that another token posts to an SSE session is refused."""
    headers = {"authorization": f"Bearer {ANN}"}
    async with (
        served() as url,
        httpx.AsyncClient(verify=False, base_url=url) as http,
        http.stream("GET", "/sse", headers=headers) as stream,
    ):
        lines = stream.aiter_lines()
        path = await anext(line.removeprefix("data: ") async for line in lines if line.startswith("data: "))
        message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        statuses = [
            (await http.post(path, json=message, headers={"authorization": f"Bearer {token}"})).status_code
            for token in (BOB, ANN)
        ]
    assert statuses[0] in (403, 404)
    assert statuses[1] == 202


@pytest.mark.parametrize("name", ["CORKBOARD_TOKEN", "CORKBOARD_GATEWAY", "AGENT_JWKS_FILE", "ACCESS_FILE", None])
def test_it_goes_with_no_other_token(tmp_path: Path, name: str | None) -> None:
    """With a gateway, a token of ours, task tokens or an access file, or over stdio, the server does not start."""
    values = {"CORKBOARD_TOKEN": "t0ken", "CORKBOARD_GATEWAY": "true"}
    more = {name: values.get(name, str(tmp_path / "file"))} if name else {"MCP_SERVER_TRANSPORT": "stdio"}
    with pytest.raises(ConfigError, match="CORKBOARD_PERSONAL_TOKENS") as refused:
        load(CorkboardSettings, {**ALLOWED, **more})
    assert (name or "over stdio set CORKBOARD_TOKEN") in str(refused.value)


async def test_it_may_be_bound_wide_and_is_ready_without_a_token(corkboard: Corkboard, served: Served) -> None:
    """Callers must show a token, so that a wide bind is allowed; readiness asks the vendor without one."""
    check_bind("0.0.0.0", authenticated=load(CorkboardSettings, ALLOWED).authenticated)
    async with served() as url:
        corkboard.says({}, 401)
        async with httpx.AsyncClient(verify=False, base_url=url) as http:
            assert (await http.get("/ready")).status_code == 200
    assert "x-corkboard-key" not in corkboard.asked[0].headers


async def test_every_tool_of_the_operators_choice_is_shown(served: Served) -> None:
    """A caller with a token of its own has no grant of ours: the operator's choice of tools alone bounds it."""
    async with served(CORKBOARD_READ_ONLY="true") as url, client(url, "auto", ANN) as speaking:
        shown: list[Any] = await speaking.list_tools()
    assert [tool.name for tool in shown] == ["list_notes", "find_notes"]
