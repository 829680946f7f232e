"""The demo looks for what would stop it before it says or touches anything."""

import asyncio
import fcntl
import os
import socket
from uuid import uuid4

import pytest
from house.demo import _follow, demo
from house.lifecycle import House
from house.paths import HousePaths
from house.ports import remember
from house.processes import Process
from house.supervise import Supervisor
from service_kit.errors import ConfigError


@pytest.fixture
def local_demo(environ: dict[str, str]) -> HousePaths:
    """The demo's own place, not made yet."""
    return HousePaths.from_environment(environ, "demo")


async def refused(environ: dict[str, str], **given: str) -> tuple[str, list[str]]:
    """Run a demo that cannot start; give its error and what it said before."""
    said: list[str] = []
    with pytest.raises(ConfigError) as error:
        await demo(environ | given, said.append)
    return str(error.value), said


async def test_a_missing_credential_is_all_that_is_said(environ: dict[str, str], local_demo: HousePaths) -> None:
    """MODEL=real without a key is refused without a word on what is real, and nothing runs."""
    message, said = await refused(environ, MODEL="real")
    assert "MODEL=real needs ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN" in message
    assert said == []
    assert not local_demo.runtime.exists()


async def test_a_taken_port_is_all_that_is_said(environ: dict[str, str], local_demo: HousePaths) -> None:
    """A taken port is told alone."""
    port = local_demo.ports["github-mcp"]
    with socket.create_server(("127.0.0.1", port)):
        message, said = await refused(environ)
    assert f"port {port} for github-mcp cannot be used" in message
    assert said == []


@pytest.mark.slow
async def test_a_house_that_is_up_is_named(environ: dict[str, str], paths: HousePaths) -> None:
    """Where this checkout's own house has the port, the message says which house, and how it is stopped."""
    supervisor = Supervisor(paths)
    supervisor.launch([Process("one", ["sleep", "60"], {"PATH": os.defpath})])
    try:
        remember(paths, environ)
        with socket.create_server(("127.0.0.1", paths.ports["control"])):
            message, said = await refused(environ)
            assert f"(Address already in use): the house in {paths.home} has it: stop that house with `make" in message
            assert said == []
            supervisor.stop()
            message, _ = await refused(environ)
            assert "(Address already in use): stop what uses it, or set CONTROL_PORT" in message
    finally:
        supervisor.stop()


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"MODE": "proposed"}, "MODE='proposed' is not usable: give write or propose"),
        ({"ISSUE": "octocat/hello-world#1"}, "the real GitHub is used with the real model only: set MODEL=real too"),
        ({"MODEL": "real", "ISSUE": "octocat/hello-world#1"}, "GITHUB_TOKEN is not set: the demo itself"),
        ({"STORY": "revue"}, "STORY='revue' is not usable: give triage or review"),
        ({"STORY": "review", "DOOR": "redis"}, "DOOR does not go together with STORY=review"),
        ({"MODE": "propose", "DOOR": "cli"}, "may not approve what it proposes: give another door"),
        (
            {"MODE": "propose", "MODEL": "real", "ISSUE": "octocat/hello-world#1", "GITHUB_TOKEN": "t"},
            "set ALLOW_WRITES=1 too",
        ),
    ],
)
async def test_a_mode_that_cannot_end_well_is_all_that_is_said(
    environ: dict[str, str], given: dict[str, str], part: str
) -> None:
    """Only what can be carried through is begun."""
    message, said = await refused(environ, **given)
    assert part in message
    assert said == []


async def test_a_second_demo_leaves_the_first_one_s_files(environ: dict[str, str], local_demo: HousePaths) -> None:
    """While a demo runs, another is refused before it touches the files of the first."""
    local_demo.make()
    (local_demo.home / "access.yaml").write_text("the first one's")
    with (local_demo.home / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        message, _ = await refused(environ)
    assert "a demo runs in this checkout already" in message
    assert (local_demo.home / "access.yaml").read_text() == "the first one's"


async def test_a_demo_that_is_stopped_ends_soon(local: House) -> None:
    """Once nothing supervises the demo's house any more, following its task ends, and the message says why."""
    async with asyncio.timeout(30):
        with pytest.raises(ConfigError, match="the house was stopped before this was done"):
            await _follow(local, str(uuid4()))
