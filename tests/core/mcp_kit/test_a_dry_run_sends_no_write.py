"""DRY_RUN: a server alone reads as ever, shows its writes and sends none; clients are told."""

from collections.abc import AsyncIterator

import pytest
from core.mcp_kit.corkboard import Corkboard, CorkboardSettings, corkboard_server, said
from mcp_kit.command import run_command
from service_kit.errors import ConfigError
from service_kit.settings import load


@pytest.fixture
async def corkboard() -> AsyncIterator[Corkboard]:
    """The running vendor."""
    async with Corkboard().running() as running:
        yield running


async def test_a_write_is_shown_and_not_sent(corkboard: Corkboard) -> None:
    """Method, path, query and body are shown, fenced and with nothing hidden; nothing is sent, and no token needed."""
    for token in ("t0ken", ""):
        async with corkboard.tools(DRY_RUN="true", CORKBOARD_TOKEN=token) as client:
            text, is_error = await said(client, "note_write", text="buy\nmilk\u202e")
        assert not is_error
        assert text.startswith("Dry run: note_write sent nothing.")
        assert 'POST /boards/team/notes?pin=1\n{\n "text": "buy\\nmilk\\u202e"\n}' in text
        assert "<foreign-" in text
    assert not corkboard.asked


async def test_arguments_are_checked_as_ever(corkboard: Corkboard) -> None:
    """A call that would be refused is refused."""
    async with corkboard.tools(DRY_RUN="true") as client:
        assert (await said(client, "note_write"))[1]


async def test_clients_are_told(corkboard: Corkboard) -> None:
    """Tools that write, and the instructions, say that it is a dry run; without it no token is spent on it."""
    for dry in ("true", "false"):
        async with corkboard.tools(DRY_RUN=dry) as client:
            told = {tool.name for tool in await client.list_tools() if "Dry run" in (tool.description or "")}
            assert told == ({"note_write"} if dry == "true" else set())
            assert ("dry run" in (client.instructions or "")) is (dry == "true")


def test_the_gateway_has_better() -> None:
    """Behind the gateway, and where runs come in, who would claim it as done, it is refused with the remedy."""
    with pytest.raises(ConfigError, match=r"AGENT_JWKS_FILE.*mode: propose"):
        load(CorkboardSettings, {"DRY_RUN": "true", "AGENT_JWKS_FILE": "/jwks.json"})
    with pytest.raises(ConfigError, match=r"CORKBOARD_GATEWAY.*mode: propose"):
        load(CorkboardSettings, {"DRY_RUN": "true", "CORKBOARD_GATEWAY": "true"})


def test_the_flag_is_the_variable(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """--dry-run is DRY_RUN."""
    monkeypatch.setenv("CORKBOARD_GATEWAY", "true")
    assert run_command("corkboard-mcp", CorkboardSettings, corkboard_server, ["--dry-run"]) == 2
    assert "DRY_RUN does not go together with CORKBOARD_GATEWAY" in capsys.readouterr().err
