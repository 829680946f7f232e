"""A process is ready when it answers itself: what else listens on its port never counts."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.serving import serving
from house.lifecycle import House, Say
from house.options import Options
from house.paths import HousePaths
from house.processes import Process
from house.readiness import is_ready, readiness
from house.supervise import Supervisor
from service_kit.errors import ConfigError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route


class OnlyModel(House):
    """A house of the model's stand-in alone."""

    def processes(self) -> list[Process]:
        """List the one process."""
        return [process for process in super().processes() if process.name == "stand-in-model"]

    async def _start(self, listed: list[Process], say: object) -> None:
        await self._until_ready("stand-in-model", self._supervisor.start("stand-in-model"), lambda _: None)


@pytest.fixture
def sleeper() -> Iterator[int]:
    """A process that listens on nothing."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process.pid
        process.kill()


def _saying(answer: Response) -> Starlette:
    async def reply(_: Request) -> Response:
        return answer

    return Starlette(routes=[Route("/ready", reply), Route("/health", reply)])


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (JSONResponse({"service": "control-api", "status": "ready"}), "control-api answers on port"),
        (JSONResponse(["ready"]), "something else answers on port"),
        (PlainTextResponse("ready"), "something else answers on port"),
        (JSONResponse({"service": "\x1b[31mred", "status": "ready"}), "red answers on port"),
    ],
)
async def test_another_service_on_the_port_is_not_ready(paths: HousePaths, answer: Response, told: str) -> None:
    """What does not call itself by the process's name is not taken for it, and is named."""
    async with serving(_saying(answer), paths.ports["github-mcp"]):
        state = await readiness(paths, "github-mcp", os.getpid())
    assert state == f"not ready: {told} {paths.ports['github-mcp']} in its place: stop it"


@pytest.mark.parametrize(("name", "service"), [("github-mcp", "github-mcp"), ("control", "control-api")])
async def test_the_process_itself_is_ready(paths: HousePaths, name: str, service: str) -> None:
    """What has the name and holds the port is ready."""
    async with serving(_saying(JSONResponse({"service": service})), paths.ports[name]):
        assert await readiness(paths, name, os.getpid()) == "ready"


async def test_what_is_missing_is_told(paths: HousePaths) -> None:
    """The checks that fail are what is told of a process that is not ready."""
    answer = JSONResponse({"service": "github-api", "checks": {"database": "gone", "other": "ok"}}, status_code=503)
    async with serving(_saying(answer), paths.ports["github-api"]):
        assert await readiness(paths, "github-api", os.getpid()) == "not ready: database: gone"


async def test_what_wants_looking_at_is_told(paths: HousePaths) -> None:
    """A process with warnings is ready and says them, without control characters."""
    answer = JSONResponse({"service": "github-api", "warnings": {"access": "line 3\x1b[31m"}})
    async with serving(_saying(answer), paths.ports["github-api"]):
        state = await readiness(paths, "github-api", os.getpid())
    assert (state, is_ready(state)) == ("ready, but access: line 3", True)


@pytest.mark.slow
async def test_what_is_not_ready_shows_its_log(local: House) -> None:
    """A process that does not answer is told with supervisord's word on it and the end of its log."""
    argv = ["sh", "-c", "echo 'error: no such key'; exec sleep 60"]
    supervisor = Supervisor(local.paths)
    supervisor.launch([Process("control", argv, {"PATH": os.defpath})])
    try:
        supervisor.start("control")
        log = local.paths.home / "log" / "control.log"
        while not log.read_text():
            await asyncio.sleep(0.02)
        told = (await local.health())["control"]
    finally:
        supervisor.stop()
    assert told.startswith("no answer: ")
    assert re.search(rf"\(\w+ for \d+ s; {re.escape(str(log))} ends: error: no such key\)$", told), told


@pytest.mark.skipif(sys.platform != "linux", reason="who holds a port is seen in /proc: run the tests on Linux")
async def test_the_same_service_of_another_house_is_not_ours(paths: HousePaths, sleeper: int) -> None:
    """The right name does not count where the process that should hold the port does not, or has ended."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    async with serving(_saying(JSONResponse({"service": "github-mcp"})), paths.ports["github-mcp"]):
        for pid in (sleeper, ended.pid):
            state = await readiness(paths, "github-mcp", pid)
            assert state.startswith("not ready: another github-mcp answers"), state


@pytest.mark.slow
async def test_only_what_this_start_wrote_is_quoted(local: House, tmp_path: Path) -> None:
    """A start that fails quotes its own lines, not those of the start before."""
    log = local.paths.home / "log" / "stand-in-model.log"
    log.write_text("error: of yesterday\n")
    scenario = tmp_path / "skills/broken/scenarios/broken.yaml"
    scenario.parent.mkdir(parents=True)
    scenario.write_text("no scenario")
    environ = {"PATH": os.defpath, "SKILLS_PATH": str(tmp_path / "skills")}
    house = OnlyModel(local.paths, Options(), environ)
    with pytest.raises(ConfigError, match="stand-in-model did not become ready") as error:
        await house.up(lambda _: None)
    assert "of yesterday" not in str(error.value)
    assert str(error.value).count("error: ") == 1
    assert not house.down()


@pytest.mark.slow
async def test_what_ends_late_is_told_at_its_first_end(local: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that counts as started, ends and is started again at once is not waited for, nor are the others."""
    runs = {"stand-in-model": "sleep 0.5; echo error: late; exit 2", "stand-in-github": "exec sleep 60"}

    class Late(House):
        def processes(self) -> list[Process]:
            return [Process(name, ["sh", "-c", script], {"PATH": os.defpath}) for name, script in runs.items()]

        async def _start(self, listed: list[Process], say: Say) -> None:
            await self._until_all_ready({process.name: self._supervisor.start(process.name) for process in listed}, say)

    monkeypatch.setattr("house.supervise.SETTLE_SECONDS", 0)
    house = Late(local.paths, Options(), {})
    with pytest.raises(ConfigError, match=r"stand-in-model did not become ready .*\nerror: late\n"):
        await house.up(lambda _: None)
    assert (local.paths.home / "log" / "stand-in-model.log").read_text().count("error: late") < 4
    assert asyncio.all_tasks() == {asyncio.current_task()}
