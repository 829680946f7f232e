"""Reduced confinement, for a machine without user namespaces: another uid under root, no built-in tools, own folders.

Under root the other uid must be able to enter the folder above the run's.
"""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

from agent_engine.confinement.limits import Limits
from agent_engine.confinement.privilege_drop import new_uid
from agent_engine.confinement.sandbox_paths import Launch, SandboxPaths
from agent_engine.confinement.sandboxed_process import LAUNCHER, SandboxedProcess, own_python, start


class ReducedConfinement:
    """Runs CLIs as plain processes. Refuses a run whose CLI has other tools than its MCP servers'.

    Args:
        reason: why it is not bubblewrap.
        file_bytes: the largest file that a run may write; the number of files is not bounded.
    """

    def __init__(self, reason: str, *, limits: Limits, file_bytes: int) -> None:
        self._reason = reason
        self._file_bytes = file_bytes
        self.limits = limits
        self.other_uid = os.getuid() == 0
        self.name = f"reduced ({'another uid' if self.other_uid else 'same uid'}, own folders, no namespaces)"

    def refusal(self, built_in_tools: Iterable[str]) -> str | None:
        """Say why a run with these built-in tools is refused: any of them could reach the machine."""
        tools = ", ".join(built_in_tools)
        if not tools:
            return None
        return (
            f"the skill grants {tools}, and confinement is reduced on this worker ({self._reason}): "
            "run it on a worker with user namespaces (`agent-engine doctor` says what to mend)"
        )

    def plan(self, *, folder: Path, program: Path, urls: Iterable[str], references: Path | None) -> SandboxPaths:
        """Plan folders of the run's own. Addresses are the same inside and outside."""
        folder = folder.resolve()
        return SandboxPaths(
            work=str(folder / "work"),
            home=str(folder / "home"),
            files=str(folder / "files"),
            temp=str(folder / "temp"),
            skill=None,
            program=str(program),
            source=program,
            folder=folder,
        )

    async def start(self, paths: SandboxPaths, launch: Launch) -> SandboxedProcess:
        """Start the CLI. Raises ConfinementError."""
        uid = new_uid() if self.other_uid else None
        await asyncio.to_thread(_make_files, paths, launch, uid)
        return await start(
            [own_python(), "-I", "-S", str(LAUNCHER)],
            executable=own_python(),
            paths=paths,
            launch=launch,
            drop={} if uid is None else {"uid": uid},
            own_group=True,
            limits=self.limits,
            rlimits={**await asyncio.to_thread(self.limits.rlimits, own_uid=self.other_uid), "FSIZE": self._file_bytes},
        )


def _make_files(paths: SandboxPaths, launch: Launch, uid: int | None) -> None:
    paths.folder.mkdir(mode=0o711 if uid is not None else 0o700, parents=True)
    folders = [Path(path) for path in (paths.work, paths.home, paths.files, paths.temp)]
    files = {Path(paths.files, name): content for name, content in launch.files.items()}
    files |= {Path(paths.home, name): content for name, content in launch.home_files.items()}
    for file in files:
        missing = [parent for parent in file.parents if parent.is_relative_to(paths.folder) and parent != paths.folder]
        folders += [parent for parent in reversed(missing) if parent not in folders]
    for folder in folders:
        folder.mkdir(mode=0o700)
    for file, content in files.items():
        file.touch(mode=0o600)
        file.write_bytes(content)
    if uid is not None:
        for path in (*folders, *files):
            os.chown(path, uid, uid, follow_symlinks=False)
