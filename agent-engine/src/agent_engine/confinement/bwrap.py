"""Confinement by bubblewrap: own user, pid, mount and network namespaces, and a file system made for the run.

Owns nothing on disk but a root worker's device nodes: working directory and HOME are sized memory file systems that are
read through descriptors opened before the agent ran, also after everything in the confinement is gone.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from agent_engine.confinement import devices, seccomp
from agent_engine.confinement.limits import Limits
from agent_engine.confinement.privilege_drop import BindMounts
from agent_engine.confinement.sandbox_paths import Launch, SandboxPaths, open_to
from agent_engine.confinement.sandboxed_process import LAUNCHER, SandboxedProcess, own_python, sealed, start

UID = 1000
WORK = "/work"
HOME = "/home/run"
FILES = "/run/files"
SKILL = "/skill"
PROGRAM = "/opt/cli"
PYTHON = "/opt/py"
LAUNCHER_INSIDE = "/run/launcher.py"
ETC = {
    "passwd": f"run:x:{UID}:{UID}:run:{HOME}:/bin/sh\n",
    "group": f"run:x:{UID}:\n",
    "hosts": "127.0.0.1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
HIDDEN_PROC = ("kcore", "keys", "kmsg", "latency_stats", "sched_debug", "timer_list", "timer_stats")


class Bubblewrap:
    """Runs CLIs in bubblewrap.

    Args:
        disk_bytes: how much a run may write to its working directory, which lies in memory or swap.
        plain_uid: whether a root worker starts bubblewrap under a plain uid, which the kernel counts processes of.
    """

    def __init__(self, program: Path, *, version: str, disk_bytes: int, limits: Limits, plain_uid: bool) -> None:
        self._program = program
        self._disk_bytes = disk_bytes
        self.other_uid = plain_uid
        self.limits = limits
        self.name = f"bubblewrap {version}"

    def refusal(self, built_in_tools: Iterable[str]) -> str | None:
        """Say why a run with these built-in tools is refused: here none is."""
        return None

    def plan(self, *, folder: Path, program: Path, urls: Iterable[str], references: Path | None) -> SandboxPaths:
        """Plan the folders, which are the same in every run, and the ports."""
        openings, inner = open_to(urls)
        return SandboxPaths(
            work=WORK,
            home=HOME,
            files=FILES,
            temp="/tmp",  # noqa: S108 - the confinement's own
            skill=SKILL if references else None,
            program=PROGRAM,
            openings=openings,
            urls=inner,
            source=program,
            folder=folder,
        )

    async def start(self, paths: SandboxPaths, launch: Launch) -> SandboxedProcess:
        """Start the CLI. Raises ConfinementError."""
        with ExitStack() as held:
            inherit: list[int] = []

            def given(content: bytes) -> str:
                descriptor = sealed(content)
                held.callback(os.close, descriptor)
                inherit.append(descriptor)
                return str(descriptor)

            mounts = BindMounts(paths.folder) if self.other_uid else None
            nodes = {} if mounts else await asyncio.to_thread(devices.make, paths.folder)
            options = arguments(
                paths, launch, disk_bytes=self._disk_bytes, given=given, nodes=nodes, at=mounts.at if mounts else str
            )
            listed = given(b"".join(option.encode() + b"\0" for option in options))
            command = ["bwrap", "--args", listed, "--", python_program(), "-I", "-S", LAUNCHER_INSIDE]
            return await start(
                mounts.command(self._program, command) if mounts else command,
                executable=own_python() if mounts else str(self._program),
                paths=paths,
                launch=launch,
                inherit=inherit,
                drop=None,
                limits=self.limits,
                rlimits=self.limits.rlimits(own_uid=True),
            )


def arguments(
    paths: SandboxPaths,
    launch: Launch,
    *,
    disk_bytes: int,
    given: Callable[[bytes], str],
    nodes: Mapping[str, Path],
    at: Callable[[Path], str] = str,
    system: Path = Path("/"),
) -> list[str]:
    """Give bubblewrap's options for a run.

    Args:
        paths: where the run's things will be.
        launch: what is started; its argv and environment are not in the options.
        disk_bytes: the size of the working directory; HOME has half of it, the other folders less.
        given: turns content into the number of a descriptor that bubblewrap inherits.
        nodes: devices to take instead of the machine's own.
        at: gives the path where bubblewrap finds what does not belong to the system.
        system: the root of the machine's file system.
    """
    return [
        *("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"),
        *("--uid", str(UID), "--gid", str(UID), "--cap-drop", "ALL", "--hostname", "run"),
        *_system(system),
        *_proc(system),
        *_devices(disk_bytes // 8, nodes),
        *_memory(paths.temp, disk_bytes // 4),
        *_memory(paths.home, disk_bytes // 2),
        *_memory(paths.work, disk_bytes),
        *_python(at),
        *("--ro-bind", at(paths.source), paths.program),
        *_files(paths, launch, given),
        *(("--ro-bind", at(launch.references), paths.skill) if launch.references and paths.skill else ()),
        *_filter(given),
        *("--remount-ro", "/", "--chdir", "/", "--clearenv", "--setenv", "LD_LIBRARY_PATH", f"{python_prefix()}/lib"),
    ]


def _filter(given: Callable[[bytes], str]) -> tuple[str, ...]:
    rules = seccomp.program()
    return ("--seccomp", given(rules)) if rules is not None else ()


def _memory(path: str, size: int) -> tuple[str, ...]:
    return ("--perms", "0700", "--size", str(size), "--tmpfs", path)


def _system(root: Path) -> Iterator[str]:
    """Bind the system read-only: /usr, what leads to it, and two files of /etc that programs in it need."""
    yield from ("--ro-bind", str(root / "usr"), "/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = root / name
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()).lstrip("/"), f"/{name}")
        elif path.is_dir():
            yield from ("--ro-bind", str(path), f"/{name}")
    for name in ("alternatives", "ld.so.cache"):
        if (root / "etc" / name).exists():
            yield from ("--ro-bind", str(root / "etc" / name), f"/etc/{name}")


def _proc(root: Path) -> Iterator[str]:
    """Mount the confinement's own /proc, read-only: under a root worker the inner uid owns the kernel's files there."""
    yield from ("--proc", "/proc")
    if (root / "proc/sys").exists():
        yield from ("--ro-bind", str(root / "proc/sys"), "/proc/sys")
    for name in HIDDEN_PROC:
        if (root / "proc" / name).exists():
            yield from ("--ro-bind", "/dev/null", f"/proc/{name}")
    yield from ("--remount-ro", "/proc")


def _devices(shared_memory: int, nodes: Mapping[str, Path]) -> Iterator[str]:
    yield from ("--dev", "/dev", *_memory("/dev/shm", shared_memory))  # noqa: S108 - the confinement's own
    for name, node in nodes.items():
        yield from ("--dev-bind", str(node), f"/dev/{name}")
    yield from ("--remount-ro", "/dev")


def _files(paths: SandboxPaths, launch: Launch, given: Callable[[bytes], str]) -> Iterator[str]:
    read_only = {f"/etc/{name}": text.encode() for name, text in ETC.items()}
    read_only |= {f"{paths.files}/{name}": content for name, content in launch.files.items()}
    read_only |= {LAUNCHER_INSIDE: LAUNCHER.read_bytes()}
    for path, content in read_only.items():
        yield from ("--perms", "0444", "--ro-bind-data", given(content), path)
    for name, content in launch.home_files.items():
        yield from ("--perms", "0600", "--file", given(content), f"{paths.home}/{name}")


def python_prefix() -> str:
    """Say where this process's Python lies inside."""
    prefix = Path(sys.base_prefix).resolve()
    return str(prefix) if prefix.is_relative_to("/usr") else PYTHON


def python_program() -> str:
    """Say which program inside runs `launcher.py`."""
    if python_prefix() != PYTHON:
        return own_python()
    return f"{PYTHON}/bin/{Path(own_python()).name}"


def _python(at: Callable[[Path], str]) -> Iterator[str]:
    """Bind the least that `launcher.py` needs, when that is not in /usr: program, shared and standard library."""
    if python_prefix() != PYTHON:
        return
    library = Path(sys.base_prefix).resolve() / "lib"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    yield from ("--ro-bind", at(Path(own_python())), python_program())
    yield from ("--ro-bind", at(library / version), f"{PYTHON}/lib/{version}")
    if (library / version / "site-packages").is_dir():
        yield from ("--tmpfs", f"{PYTHON}/lib/{version}/site-packages")
        yield from ("--remount-ro", f"{PYTHON}/lib/{version}/site-packages")
    for shared in sorted(library.glob("libpython*.so*")):
        yield from ("--ro-bind", at(shared), f"{PYTHON}/lib/{shared.name}")
