"""What a stand-in's command reads."""

import pytest
from service_kit import settings
from service_kit.errors import ConfigError
from stand_ins.kit import command


class ChatterSettings(command.VendorSettings):
    """Chatter's settings, with one of its own."""

    model_config = command.named("chatter")
    port: int = 4999
    team: str = "T1"


ENVIRON = {
    "STAND_IN_CHATTER_PORT": "5",
    "PORT": "6",
    "HOST": "::1",
    "STAND_IN_CHATTER_TOKEN": "t",
    "STAND_IN_CHATTER_TEAM": "T2",
    "STAND_IN_CHATTER_WEBHOOK_URL": "http://127.0.0.1/hook",
    "CHATTER_WEBHOOK_SECRET": "s",
    "LOG_LEVEL": "debug",
}


def test_each_setting_is_read_from_the_vendors_variable() -> None:
    """The vendor's own variable goes before the plain HOST or PORT; the webhook secret is the receiver's variable."""
    read = settings.load(ChatterSettings, ENVIRON)
    assert (read.port, read.host, read.token, read.team, read.log_level) == (5, "::1", "t", "T2", "debug")
    assert read.hook is not None
    assert (read.hook.url, read.hook.secret) == ("http://127.0.0.1/hook", "s")
    unset = settings.load(ChatterSettings, {})
    assert (unset.port, unset.host, unset.hook) == (4999, "127.0.0.1", None)


def test_a_wrong_value_is_told_with_its_variable() -> None:
    """The error names the variable that the operator has to change."""
    with pytest.raises(ConfigError, match="STAND_IN_CHATTER_PORT='x'"):
        settings.load(ChatterSettings, {"STAND_IN_CHATTER_PORT": "x"})
