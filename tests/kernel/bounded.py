"""Runs of small shell scripts under the limits of a run; as a program: one of them, as whoever starts it.

`bounded.py FOLDER bubblewrap|reduced SCRIPT [CGROUPS]` prints the kind of the limits, then what the script said.
"""

import asyncio
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from agent_engine.confinement.fallback import ReducedConfinement
from agent_engine.confinement.limits import Bounds
from agent_engine.confinement.probe import probe
from agent_engine.confinement.protocol import Confinement
from agent_engine.confinement.sandbox_paths import Launch
from agent_engine.confinement.sandboxed_process import SandboxedProcess
from agent_engine.hardening import harden

BOUNDS = Bounds(memory_mb=256, processes=64, disk_mb=1)
FORKS = "i=0; while [ $i -lt 200 ]; do sleep 30 & i=$((i+1)); echo $i; done"
HOG = "head -c 600000000 /dev/zero | tail -c 600000000 >/dev/null; echo ended $?"
FLOOD = "head -c 3000000 /dev/zero >big; echo ended $?; ls -ln big"


@dataclass(frozen=True)
class Said:
    """What a script said, how it ended, and which limits it came up against."""

    stdout: str
    stderr: str
    returncode: int
    reached: tuple[str, ...]

    @property
    def count(self) -> int:
        """The last number that it printed."""
        return int(self.stdout.split()[-1])


async def confine(which: str, cgroups: Path | None) -> Confinement:
    """Find a confinement with small bounds."""
    candidates: list[Path] | None = [] if which == "reduced" else None
    found = await probe(candidates=candidates, bounds=BOUNDS, cgroups=cgroups)
    assert isinstance(found.confinement, ReducedConfinement) == (which == "reduced"), found
    return found.confinement


async def shell(confinement: Confinement, folder: Path, script: str) -> Said:
    """Run a shell script as a CLI is run."""
    program = Path("/bin/sh").resolve()
    paths = confinement.plan(folder=folder, program=program, urls=[], references=None)
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    try:
        return await _follow(await confinement.start(paths, Launch(argv=["sh", "-c", script], env=env, stdin=b"")))
    finally:
        shutil.rmtree(paths.folder, ignore_errors=True)


async def _follow(confined: SandboxedProcess) -> Said:
    out, err = bytearray(), bytearray()

    async def read(into: bytearray, stream: asyncio.StreamReader) -> None:
        while piece := await stream.read(1 << 16):
            into += piece

    try:
        async with asyncio.timeout(40):
            ended = asyncio.create_task(confined.wait())
            readers = [
                asyncio.create_task(read(out, confined.stdout)),
                asyncio.create_task(read(err, confined.stderr)),
            ]
            returncode = await ended
            reached = confined.reached()
            confined.kill()
            await asyncio.wait(readers, timeout=1)  # what the script left may hold the pipes until close
        return Said(out.decode(), err.decode(), returncode, reached)
    finally:
        await confined.close()
        await asyncio.gather(*readers)


async def main(folder: Path, which: str, script: str, cgroups: Path | None = None) -> None:
    """Run a script as whoever this is."""
    harden()
    confinement = await confine(which, cgroups)
    print(confinement.limits.kind)
    said = await shell(confinement, folder / "run", script)
    print(said.stdout, said.stderr, *said.reached)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], *map(Path, sys.argv[4:])))
