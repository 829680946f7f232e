"""The command that the kit gives every gateway: flags over the environment, errors of one line, no secret left."""

import os
from pathlib import Path

import pytest
from agent_effects.effects import SENDING_SECONDS
from api_kit import GatewaySettings, run_command
from api_kit.command import secrets_of
from api_kit.settings import PATIENCE_SECONDS
from pydantic import Field, SecretStr
from service_kit.errors import ConfigError
from service_kit.settings import Port, load

WHOLE = {
    "ACCESS_FILE": "/access.yaml",
    "AGENT_JWKS_FILE": "/jwks.json",
    "DATABASE_URL": "postgresql://user:word@host/base",
    "CORKBOARD_UPSTREAM_TOKEN": "t0ken",
    "PORT": "3009",
}


class CorkboardApiSettings(GatewaySettings):
    """Corkboard's."""

    corkboard_upstream_token: SecretStr = Field(description="what opens Corkboard")
    corkboard_second_token: SecretStr | None = Field(None, description="another")
    port: Port = 3010


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The process's environment, with all that the gateway needs."""
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_flags_win_and_secrets_are_dropped(environment: pytest.MonkeyPatch) -> None:
    """The gateway is served with the flags' values, and nothing started from then on finds a secret."""
    seen: list[CorkboardApiSettings] = []
    left: list[set[str]] = []

    async def serving(settings: CorkboardApiSettings) -> None:
        seen.append(settings)
        left.append(set(os.environ))

    assert run_command("corkboard-api", CorkboardApiSettings, serving, ["--port", "3011"]) == 0
    (settings,) = seen
    assert (settings.port, settings.host, settings.access_file) == (3011, "127.0.0.1", Path("/access.yaml"))
    assert settings.corkboard_upstream_token.get_secret_value() == "t0ken"
    assert left[0] & set(WHOLE) == {"ACCESS_FILE", "AGENT_JWKS_FILE", "PORT"}


def test_every_secret_is_known() -> None:
    """A secret of a gateway's own, and the addresses of stores and of a proxy, which hold passwords."""
    own = {"CORKBOARD_UPSTREAM_TOKEN", "CORKBOARD_SECOND_TOKEN"}
    assert set(secrets_of(CorkboardApiSettings)) == {*own, "DATABASE_URL", "REDIS_URL", "UPSTREAM_PROXY"}


@pytest.mark.parametrize(
    ("flags", "says"), [(["--port", "many"], "PORT='many' is not usable"), ([], "CORKBOARD_UPSTREAM_TOKEN is not set")]
)
def test_what_is_wrong_is_one_line(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], flags: list[str], says: str
) -> None:
    """Status 2, the variable's name, and nothing is served."""
    if not flags:
        environment.delenv("CORKBOARD_UPSTREAM_TOKEN")

    async def serving(settings: CorkboardApiSettings) -> None:
        raise AssertionError

    assert run_command("corkboard-api", CorkboardApiSettings, serving, flags) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines()), says in err) == ("", 1, True)


def test_the_vendor_gets_less_time_than_a_write_before_it_counts_as_lost() -> None:
    """A time in which a write would be reported as lost while it is sent is refused, with the reason."""
    given = {**WHOLE, "UPSTREAM_SECONDS": "115"}
    assert load(CorkboardApiSettings, given).upstream_seconds + PATIENCE_SECONDS == SENDING_SECONDS
    with pytest.raises(ConfigError, match=r"UPSTREAM_SECONDS='115\.1' is not usable: .* 120 s counts as lost"):
        load(CorkboardApiSettings, given | {"UPSTREAM_SECONDS": "115.1"})
