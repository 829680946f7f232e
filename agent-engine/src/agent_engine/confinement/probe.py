"""Finds out how runs can be confined here, by trying it."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agent_stores.binaries import bubblewrap_programs

from agent_engine.confinement.bwrap import Bubblewrap
from agent_engine.confinement.cgroup import Cgroups
from agent_engine.confinement.fallback import ReducedConfinement
from agent_engine.confinement.folders import temporary_folder
from agent_engine.confinement.limits import Bounds, Limits, Rlimits
from agent_engine.confinement.protocol import Confinement
from agent_engine.confinement.sandbox_paths import Launch
from agent_engine.errors import ConfinementError

TRIAL_SECONDS = 10.0
CGROUPS = Path("/sys/fs/cgroup")
REMEDY = (
    "allow unprivileged user namespaces: in Docker give the worker's container a seccomp profile that allows clone and "
    "unshare with CLONE_NEWUSER, and mount; on Ubuntu install the "
    "distribution's bubblewrap, which has an AppArmor profile"
)


@dataclass(frozen=True)
class Probe:
    """How runs are confined here.

    Attributes:
        detail: which program was taken, or why none could be.
        remedy: what to do for full confinement; empty when there is nothing to do.
    """

    confinement: Confinement
    reduced: bool
    detail: str
    remedy: str = ""


async def probe(
    *,
    candidates: Sequence[Path] | None = None,
    bounds: Bounds | None = None,
    cgroups: Path | None = CGROUPS,
) -> Probe:
    """Try bubblewrap on PATH, then the wheel's, with all that a run uses; else confinement is reduced.

    Without `cgroups`, the folder of the cgroup file system, resource limits alone bound a run.
    """
    bounds = bounds or Bounds()
    limits = await asyncio.to_thread(choose_limits, bounds, cgroups)
    plain_uid = limits.kind == "rlimit" and os.getuid() == 0
    reasons = []
    for program in bubblewrap_programs() if candidates is None else candidates:
        try:
            version = await _version(program)
            bubblewrap = partial(Bubblewrap, program, version=version, disk_bytes=bounds.disk_bytes)
            found = bubblewrap(limits=limits, plain_uid=plain_uid)
            try:
                await _try(found)
            except ConfinementError as error:
                if not plain_uid:
                    raise
                less = Rlimits(bounds, why=f"{limits.why}; under a plain uid: {error}", processes=False)
                found = bubblewrap(limits=less, plain_uid=False)
                await _try(found)
        except ConfinementError as error:
            reasons.append(f"{program}: {error}")
        else:
            return Probe(found, reduced=False, detail=f"{program}, version {version}")
    reason = "; ".join(reasons) or "bubblewrap is neither on PATH nor installed from its wheel"
    remedy = REMEDY
    if not sys.platform.startswith("linux"):
        reason, remedy = f"{sys.platform} has no bubblewrap", "run the worker on Linux"
    fallback = ReducedConfinement(reason, limits=limits, file_bytes=bounds.disk_bytes)
    return Probe(fallback, reduced=True, detail=reason, remedy=remedy)


def choose_limits(bounds: Bounds, cgroups: Path | None = CGROUPS) -> Limits:
    """Take the best means of bounding runs there is here: cgroups, else resource limits, else none."""
    if not sys.platform.startswith("linux"):
        return Limits()
    if cgroups is None:
        return Rlimits(bounds, why="cgroups are switched off")
    try:
        return Cgroups.find(cgroups, bounds)
    except OSError as error:
        return Rlimits(bounds, why=f"no cgroup can be made: {error}")


async def _version(program: Path) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            program, "--version", env={}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        said, _ = await process.communicate()
    except OSError as error:
        raise ConfinementError(str(error)) from error
    return said.decode("utf-8", "replace").strip().removeprefix("bubblewrap ")


def _true() -> Path:
    return Path(shutil.which("true", path="/usr/bin:/bin") or "/bin/true").resolve()


async def _try(confinement: Bubblewrap) -> None:
    """Run `true` exactly as a CLI is run."""
    with tempfile.TemporaryDirectory(prefix="agent-probe-", dir=temporary_folder()) as folder:
        await asyncio.to_thread(Path(folder).chmod, 0o711)
        run, urls = Path(folder, "run"), ["http://127.0.0.1:9"]
        paths = confinement.plan(folder=run, program=_true(), urls=urls, references=None)
        try:
            confined = await confinement.start(paths, Launch(argv=["true"], env={}, stdin=b""))
            try:
                async with asyncio.timeout(TRIAL_SECONDS):
                    returncode = await confined.wait()
                if returncode != 0:
                    said = (await confined.stderr.read(4096)).decode("utf-8", "replace").strip()
                    raise ConfinementError(f"a trial ended with {returncode}: {said}")
            finally:
                await confined.close()
        except TimeoutError as error:
            raise ConfinementError(f"a trial did not end within {TRIAL_SECONDS:.0f} s") from error
