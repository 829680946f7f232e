"""The step before bubblewrap under a root worker without cgroups: become a plain uid, which the kernel counts.

Runs alone (`python -I -S setuid_exec.py UID PLACE SOURCES PROGRAM ARG...`), so it imports the standard library only and
nothing of ours. What bubblewrap binds may lie in folders that only root enters: in a mount namespace of its own each of
SOURCES (a JSON list) is bound at PLACE/0, PLACE/1, ...
"""

import ctypes
import json
import os
import sys
from pathlib import Path

CLONE_NEWNS = 0x20000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x40000
libc = ctypes.CDLL(None, use_errno=True)


def main(uid: int, place: str, sources: list[str], program: str, arguments: list[str]) -> None:
    """Bind the sources, drop to the uid, and become the program."""
    done(libc.unshare(CLONE_NEWNS), "unshare")
    mount("none", "/", MS_REC | MS_PRIVATE)
    mount("tmpfs", place, MS_NOSUID | MS_NODEV, kind="tmpfs", options="mode=0755")
    for number, source in enumerate(sources):
        target = Path(place, str(number))
        if Path(source).is_dir():
            target.mkdir(mode=0o755)
        else:
            target.touch(mode=0o644)
        mount(source, str(target), MS_BIND | MS_REC)
    os.chdir("/")
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.execve(program, [Path(program).name, *arguments], {})  # noqa: S606 - this is bubblewrap


def mount(source: str, target: str, flags: int, *, kind: str | None = None, options: str | None = None) -> None:
    """Mount."""
    texts = [text.encode() if text is not None else None for text in (source, target, kind, options)]
    done(libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]), f"mount of {source} on {target}")


def done(code: int, what: str) -> None:
    """Raise OSError for a call that failed."""
    if code != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), sys.argv[4], sys.argv[5:])
