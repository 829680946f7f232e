"""The worker's environment: what an unset or wrong variable means."""

import os
import socket

import pytest
from agent_engine.cli.worker import serve_health
from core.agent_engine.script import Script
from core.agent_engine.worker_place import Place
from service_kit.errors import ConfigError


def test_a_worker_without_a_name_is_host_and_process(place: Place) -> None:
    """Two workers of one host have names of their own, and a name that is given is taken as it is."""
    assert place.settings(WORKER_NAME="").name == f"{socket.gethostname()}-{os.getpid()}"
    assert place.settings(WORKER_NAME="w7").name == "w7"


def test_a_vendor_that_is_not_installed_is_named(place: Place) -> None:
    """A worker that is to serve a vendor which no package brings does not start, and names the nearest."""
    with pytest.raises(ConfigError, match=r"VENDORS='githb' .*did you mean 'github'\?"):
        place.settings(VENDORS="githb")


@pytest.mark.parametrize("text", ["²", "127.0.0.1:²", "70000", "http", ":"])
def test_a_port_that_is_none_is_named(place: Place, text: str) -> None:
    """Only digits make a port, whatever else counts as a digit elsewhere."""
    with pytest.raises(ConfigError, match="WORKER_HTTP="):
        place.settings(WORKER_HTTP=text).listen()


async def test_a_taken_port_of_a_worker_is_changed_where_it_was_said(place: Place) -> None:
    """The remedy names the worker's own variable and flag: it reads no PORT."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        context = place.context(Script(lambda _: []))
        with pytest.raises(ConfigError, match=r"choose another with WORKER_HTTP or --http$"):
            await serve_health(context, ("127.0.0.1", taken.getsockname()[1]))
