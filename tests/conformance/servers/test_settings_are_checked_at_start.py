"""What no request could be sent with is refused when a server starts, by its variable's name."""

import pytest
from conformance.servers.conftest import Subject
from service_kit.errors import ConfigError


@pytest.mark.parametrize("character", [" ", "\n", "\t", "\x00", "\x7f", "\u00a0", "é", "\u200b"])
def test_a_token_that_no_header_carries_is_refused_and_not_shown(subject: Subject, character: str) -> None:
    """The message is one line, names the variable and the remedy, and holds no piece of the token."""
    variable = subject.record.settings.variable("token")
    with pytest.raises(ConfigError, match=f"^{variable} is not usable: it .*: (take it out|paste it anew)") as error:
        subject.built(token=f"hidden{character}word")
    said = str(error.value)
    assert ("\n" in said, "hidden" in said, "word" in said) == (False, False, False)


@pytest.mark.parametrize(
    "url",
    [
        "api.example",
        "//api.example",
        "ftp://api.example",
        "https://",
        "https:// api.example",
        "https://api.example/a b",
        " https://api.example",
        "https://api.example?x=1",
        "https://api.example/#top",
        "https://me:hidden@api.example",
        "https://api.example:99999",
    ],
)
def test_an_address_to_which_no_path_can_be_added_is_refused(subject: Subject, url: str) -> None:
    """The message is one line, names the variable, and says what an address is."""
    variable = subject.record.settings.variable("api_url")
    with pytest.raises(
        ConfigError, match=f"^{variable}=.* is not usable: it is no address of a server: write"
    ) as error:
        subject.built(api_url=url)
    assert ("\n" in str(error.value), "hidden" in str(error.value)) == (False, False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "https://ghe.example/api/v3", "https://ghe.example/", "http://[::1]:1"]
)
def test_an_address_with_port_or_path_is_taken(subject: Subject, url: str) -> None:
    """Enterprises serve their API below a path, and the house on ports of its own."""
    assert subject.built(api_url=url)[1].api_url == url
