"""A run's memory, processes and disk are bounded, by whichever means the machine has, and only the run pays for it."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from agent_engine.confinement.cgroup import Cgroups, Parent
from agent_engine.confinement.limits import MIB, Bounds, Limits, Rlimits
from agent_engine.confinement.probe import CGROUPS, choose_limits
from agent_engine.confinement.protocol import Confinement
from agent_engine.errors import ConfinementError
from fixtures.plain_user import NOBODY, PLAIN_USER, as_nobody, open_folder
from kernel.bounded import BOUNDS, FLOOD, FORKS, HOG, confine, shell


def cgroups() -> Cgroups:
    """Give the machine's cgroups."""
    found = choose_limits(BOUNDS)
    if not isinstance(found, Cgroups):
        pytest.skip(f"needs memory and pids cgroups that may be written: {found.why}")
    return found


@pytest.fixture(params=["cgroup", "rlimit"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The cgroup file system, or in place of one an empty folder."""
    if request.param == "cgroup":
        cgroups()
        return CGROUPS
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


@pytest.fixture(params=["bubblewrap", "reduced"])
async def confinement(request: pytest.FixtureRequest, root: Path) -> Confinement:
    """Each way to confine, with each means of limits."""
    found = await confine(request.param, root)
    assert found.limits.kind == "rlimit" or root == CGROUPS
    return found


def ours() -> list[Path]:
    """Give the cgroups of this process's runs."""
    return list(CGROUPS.glob(f"**/agent-run-{os.getpid()}-*"))


def living() -> list[tuple[int, str]]:
    """Give every living process below this one."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE:
                found.append((child.pid, child.name()))
    return found


async def test_a_fork_bomb_ends_at_its_bound(confinement: Confinement, tmp_path: Path) -> None:
    """No more processes start than RUN_PROCESSES allows, and afterwards none of them is left."""
    said = await shell(confinement, tmp_path / "run", FORKS)

    others = 0 if os.getuid() == 0 or confinement.name.startswith("bubblewrap") else 32
    assert BOUNDS.processes // 2 <= said.count <= BOUNDS.processes + others
    assert "fork" in said.stderr.lower()
    if confinement.limits.kind.startswith("cgroup"):
        assert "RUN_PROCESSES=64" in said.reached[0]
        assert ours() == []
    async with asyncio.timeout(5):  # a killed process may take a moment to die
        while any(name == "sleep" for _, name in living()):
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_a_memory_hog_hurts_no_other_run(confinement: Confinement, tmp_path: Path) -> None:
    """A process past RUN_MEMORY_MB ends; the run beside it does not notice."""
    hog, calm = await asyncio.gather(
        shell(confinement, tmp_path / "hog", HOG), shell(confinement, tmp_path / "calm", "sleep 2; echo fine")
    )
    assert calm.stdout == "fine\n"
    assert calm.reached == ()
    if confinement.limits.kind.startswith("cgroup"):
        assert hog.stdout == "ended 137\n"
        assert "RUN_MEMORY_MB=256" in hog.reached[0]
    else:
        assert hog.stdout == "ended 1\n"
        assert "memory exhausted" in hog.stderr


async def test_a_disk_flood_ends_at_its_bound(root: Path, tmp_path: Path) -> None:
    """A run that writes on and on is told that its room is full, not killed."""
    said = await shell(await confine("bubblewrap", root), tmp_path / "run", FLOOD)
    assert said.stdout.startswith("ended 1\n")
    assert f" {MIB} " in said.stdout
    assert "No space left on device" in said.stderr
    assert said.reached == ()


async def test_without_namespaces_each_file_is_bounded(root: Path, tmp_path: Path) -> None:
    """A reduced run can write no file larger than its room."""
    said = await shell(await confine("reduced", root), tmp_path / "run", f"trap '' XFSZ; {FLOOD}")
    assert f" {MIB} " in said.stdout
    assert "File too large" in said.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
async def test_a_root_worker_without_cgroups_runs_under_a_plain_uid(tmp_path: Path) -> None:
    """The kernel counts no processes of root's, so bubblewrap is started as somebody else; inside nothing differs."""
    confinement = await confine("bubblewrap", tmp_path)
    running = asyncio.create_task(shell(confinement, tmp_path / "run", "id -u; pwd; ls /run/files; sleep 1"))
    await asyncio.sleep(0.7)
    uids = {child.uids().real for child in psutil.Process().children(recursive=True) if child.name() == "sleep"}
    said = await running
    assert uids
    assert 0 not in uids
    assert said.stdout == "1000\n/work\n"


@pytest.fixture
def delegated() -> Iterator[list[Path]]:
    """Cgroups that a plain user may make others in; none in version 2, whose worker has to be started there."""
    folders = []
    try:
        for place in cgroups()._parents:
            folder = place.folder / f"agent-test-{os.getpid()}"
            folder.mkdir()
            folders.append(folder)
            os.chown(folder, NOBODY, NOBODY)
        yield folders
    finally:
        for folder in folders:
            folder.rmdir()


async def bounded(*arguments: str, enter: Sequence[Path] = ()) -> str:
    """Run `bounded.py` as a plain user, from inside some cgroups."""
    with open_folder() as folder:
        return await as_nobody(folder, Path(__file__).with_name("bounded.py"), str(folder), *arguments, enter=enter)


@pytest.mark.slow
@PLAIN_USER
@pytest.mark.parametrize("which", ["bubblewrap", "reduced"])
async def test_a_plain_users_runs_are_bounded(which: str) -> None:
    """A worker without any privilege bounds processes and memory by resource limits."""
    for script, words in ((FORKS, "fork"), (HOG, "memory exhausted")):
        said = await bounded(which, script)
        assert said.startswith("rlimit\n")
        assert words in said.lower()


@pytest.mark.slow
@PLAIN_USER
@pytest.mark.parametrize("which", ["bubblewrap", "reduced"])
async def test_a_plain_users_own_cgroups_are_used(which: str, delegated: list[Path]) -> None:
    """A plain, untraceable worker whose cgroups are its own makes one for each run there."""
    if len(delegated) < 2:
        pytest.skip("needs cgroups of version 1")
    said = await bounded(which, HOG, str(CGROUPS), enter=delegated)
    assert said.startswith("cgroup1\nended 137\n")
    assert "RUN_MEMORY_MB=256" in said
    assert [child.name for folder in delegated for child in folder.iterdir() if child.is_dir()] == []


def test_cgroups_of_dead_workers_are_removed() -> None:
    """What a run of a killed worker left is ended and removed when the next worker starts; other workers' stay."""
    limits = cgroups()
    dead = subprocess.Popen(["true"])
    dead.wait()
    sleeper = subprocess.Popen(["sleep", "60"])
    alive = limits.group()
    abandoned = limits.group()
    abandoned.enter(sleeper.pid)
    for folder in [folder for folder in ours() if str(sleeper.pid) in (folder / "cgroup.procs").read_text().split()]:
        folder.rename(folder.with_name(f"agent-run-{dead.pid}-abcdef"))
    try:
        cgroups()
        assert sleeper.wait(5) == -9
        assert list(CGROUPS.glob(f"**/agent-run-{dead.pid}-*")) == []
        assert len(ours()) >= 1
    finally:
        alive.remove()
    assert ours() == []


async def test_a_run_that_cannot_be_limited_does_not_start(tmp_path: Path) -> None:
    """A cgroup that cannot be made or entered is the operator's matter: nothing runs, and nothing is left."""
    found = await confine("reduced", None)
    before = living()
    for folder in (tmp_path / "gone", tmp_path):
        found.limits = Cgroups("cgroup1", [Parent(folder, {})], BOUNDS)  # type: ignore[misc]
        with pytest.raises(ConfinementError, match=str(tmp_path)):
            await shell(found, tmp_path / "run", "echo ran")
    assert list(tmp_path.glob("agent-run-*")) == []
    assert [child for child in living() if child not in before] == []


def test_off_and_missing_say_why(tmp_path: Path) -> None:
    """Without cgroups the reason is kept for the doctor; a worker off Linux bounds nothing and says so."""
    assert choose_limits(BOUNDS, None).why == "cgroups are switched off"
    assert f"{tmp_path}/memory is not there" in choose_limits(BOUNDS, tmp_path).why
    assert Limits().name == "no limits on memory and processes"
    partial = Rlimits(Bounds(), why="root", processes=False)
    assert partial.kind == "partial"
    assert partial.name == "2048 MB for each process by rlimit, processes not bounded"
    assert partial.rlimits(own_uid=True) == {"AS": 2048 * MIB}
