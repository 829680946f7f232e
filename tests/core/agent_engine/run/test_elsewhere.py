"""Runs where the machine gives less: without user namespaces, and under a plain user."""

import asyncio
import os
from pathlib import Path
from typing import Any

import psutil
import pytest
from agent_engine.confinement.fallback import ReducedConfinement
from agent_engine.confinement.limits import MIB, Limits
from agent_engine.confinement.privilege_drop import FIRST_UID, UIDS
from agent_engine.confinement.probe import probe
from agent_engine.errors import TaskRefused
from agent_engine.run_control import Stop, StopSignal
from fixtures.plain_user import PLAIN_USER, as_nobody, open_folder

pytestmark = [pytest.mark.cli, pytest.mark.apart]


@pytest.fixture
def reduced() -> ReducedConfinement:
    """The confinement of a machine without user namespaces."""
    return ReducedConfinement("no user namespaces", limits=Limits(), file_bytes=MIB)


@pytest.mark.slow
async def test_reduced_confinement_runs_a_skill_without_built_in_tools(
    spec: Any, start: Any, told: Any, lab: Any, reduced: ReducedConfinement, stop: StopSignal
) -> None:
    """The CLI runs under another uid, with the run's environment alone, and leaves neither process nor file."""
    asked = spec("PLAY stop-then-go")
    running = asyncio.create_task(start(asked, confinement=reduced))
    await told.answered.wait()
    living = (child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE)
    cli = next(child for child in living if "--strict-mcp-config" in child.cmdline())
    environment, uid = cli.environ(), cli.uids().real
    assert Path(cli.cwd()) == asked.folder / "work"
    stop.set(Stop.CANCELLED)
    end = await running

    assert lab.asked[0][0] == "first"
    assert end.ended_by == "cancelled"
    assert end.session is not None
    assert end.confinement.startswith("reduced")
    assert "PYTEST_CURRENT_TEST" not in environment
    if os.getuid() == 0:
        assert FIRST_UID <= uid < FIRST_UID + UIDS
    assert not asked.folder.exists()
    assert not cli.is_running()


async def test_reduced_confinement_refuses_built_in_tools(spec: Any, start: Any, reduced: ReducedConfinement) -> None:
    """A skill that grants Bash is refused before anything starts, with the reason and the remedy."""
    with pytest.raises(TaskRefused, match=r"grants Bash.*no user namespaces.*doctor") as refused:
        await start(spec("PLAY talk", built_in_tools=("Bash",)), confinement=reduced)
    assert refused.value.reason == "config"


async def test_without_a_working_bubblewrap_the_probe_says_why(tmp_path: Path) -> None:
    """A bubblewrap that fails, as without user namespaces, makes confinement reduced, with reason and remedy."""
    broken = tmp_path / "bwrap"
    broken.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "No permissions to create new namespace" >&2; exit 1'
    )
    broken.chmod(0o755)
    found = await probe(candidates=[broken])

    assert found.reduced
    assert "No permissions to create new namespace" in found.detail
    assert "user namespaces" in found.remedy
    assert isinstance(found.confinement, ReducedConfinement)


@pytest.mark.slow
@PLAIN_USER
async def test_a_plain_user_confines_as_root_does(model: str, lab: Any) -> None:
    """A worker without any privilege uses the same bubblewrap; it sees the checkout where everybody may read."""
    with open_folder() as folder:
        program = Path(__file__).with_name("worker.py")
        said = await as_nobody(folder, program, model, lab.url, str(folder), "PLAY lookup")
    assert said.splitlines()[-1].startswith("bubblewrap ")
    assert said.splitlines()[-1].endswith(" exit None")


@pytest.mark.slow
@pytest.mark.parametrize("reduced", [False, True], ids=["bubblewrap", "reduced"])
async def test_the_cli_runs_under_resource_limits(spec: Any, start: Any, lab: Any, reduced: bool) -> None:
    """Without cgroups the default bounds leave the CLI the room that it needs."""
    found = await probe(candidates=[] if reduced else None, cgroups=None)
    end = await start(spec("PLAY lookup"), confinement=found.confinement)

    assert (end.ended_by, end.failure) == ("exit", None)
    assert (end.limits, end.reached) == ("rlimit", ())
    assert lab.asked
