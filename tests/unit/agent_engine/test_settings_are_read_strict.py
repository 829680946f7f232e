"""The worker's environment: what an unset or wrong variable means."""

import os
import socket

import pytest
from agent_engine.settings import read_address
from service_kit.errors import ConfigError
from unit.agent_engine.engine_house import Place


def test_a_worker_without_a_name_is_host_and_process(place: Place) -> None:
    """Two workers of one host have names of their own, and a name that is given is taken as it is."""
    assert place.settings(WORKER_NAME="").worker_name == f"{socket.gethostname()}-{os.getpid()}"
    assert place.settings(WORKER_NAME="w7").worker_name == "w7"


@pytest.mark.parametrize("text", ["²", "127.0.0.1:²", "70000", "http", ":"])
def test_a_port_that_is_none_is_named(text: str) -> None:
    """Only digits make a port, whatever else counts as a digit elsewhere."""
    with pytest.raises(ConfigError, match="WORKER_HTTP="):
        read_address(text)
