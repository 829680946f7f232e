"""Asks the kernel for what a run must not have: namespaces, mounts, tracing, unusual sockets. Standard library only."""

import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attack.programs.own import CLI, tell

LIBC = ctypes.CDLL(None, use_errno=True)
FLAGS = {
    "user": 0x10000000,
    "mount": 0x00020000,
    "network": 0x40000000,
    "pid": 0x20000000,
    "ipc": 0x08000000,
    "cgroup": 0x02000000,
    "time": 0x00000080,
}
CALLS = {
    "bpf": 321,
    "perf_event_open": 298,
    "io_uring_setup": 425,
    "userfaultfd": 323,
    "keyctl": 250,
    "add_key": 248,
    "init_module": 175,
    "kexec_load": 246,
    "reboot": 169,
    "open_by_handle_at": 304,
    "fsopen": 430,
    "move_mount": 429,
    "pivot_root": 155,
    "swapon": 167,
    "settimeofday": 164,
    "sethostname": 170,
    "quotactl": 179,
}
FAMILIES = {"packet": 17, "vsock": 40, "alg": 38, "bluetooth": 31, "can": 29, "rds": 21, "tipc": 30, "xdp": 44}
PTRACE_ATTACH, PTRACE_DETACH, WALL = 16, 17, 0x40000000


def says(result: int) -> str:
    """Say what a call came to."""
    return "granted" if result >= 0 else os.strerror(ctypes.get_errno())


def forked(action: Callable[..., int], *arguments: Any) -> str:
    """Do something in a child and say what it came to."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, says(action(*arguments)).encode())
        os._exit(0)
    os.close(writing)
    os.wait()
    return os.read(reading, 100).decode() or "killed"


def namespaces() -> None:
    """Make namespaces, mount and change root."""
    for name, flag in FLAGS.items():
        tell(f"unshare {name}", forked(LIBC.unshare, flag))
    tell("mount tmpfs", says(LIBC.mount(b"none", b"/tmp", b"tmpfs", 0, None)))
    tell("remount", says(LIBC.mount(b"none", b"/", None, 32 | 4096, None)))
    tell("bind", says(LIBC.mount(b"/proc/1/root", b"/tmp", None, 4096, None)))
    tell("umount", says(LIBC.umount2(b"/proc/sys", 2)))
    tell("chroot", forked(LIBC.chroot, b"/tmp"))
    tell("setuid 0", forked(LIBC.setuid, 0))
    tell("setgroups", forked(LIBC.setgroups, 0, None))
    for name in ("user", "net", "mnt", "pid"):
        try:
            descriptor = os.open(f"/proc/1/ns/{name}", os.O_RDONLY)
        except OSError as error:
            tell(f"setns {name}", os.strerror(error.errno or 0))
            continue
        tell(f"setns {name}", forked(LIBC.setns, descriptor, 0))


def calls() -> None:
    """Make calls that a sandbox forbids."""
    for name, number in CALLS.items():
        tell(name, forked(LIBC.syscall, number, 0, 0, 0, 0, 0))


def sockets() -> None:
    """Open sockets of unusual families, and change the network."""
    for name, number in FAMILIES.items():
        for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM, socket.SOCK_STREAM, 5):
            try:
                socket.socket(number, kind).close()
                tell(f"socket {name}", "granted")
            except OSError as error:
                tell(f"socket {name}", os.strerror(error.errno or 0))
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()
        tell("socket icmp", "granted")
    except OSError as error:
        tell("socket icmp", os.strerror(error.errno or 0))


def trace(*pids: str) -> None:
    """Trace, read and end processes: the namespace's first ones, and a worker's by its number outside."""
    for pid in (1, 2, *map(int, pids)):
        if pid == os.getpid() or pid == int(CLI.name):
            continue
        tell(f"ptrace {pid}", says(LIBC.ptrace(PTRACE_ATTACH, pid, 0, 0)))
        LIBC.waitpid(pid, None, WALL)
        for name in ("mem", "root/etc/shadow", "cwd/secrets", "environ", "maps", "fd/0"):
            try:
                with Path(f"/proc/{pid}/{name}").open("rb") as file:
                    content = file.read(200)
                tell(f"read {pid} {name}", f"{len(content)} bytes: {content!r}")
            except OSError as error:
                tell(f"read {pid} {name}", os.strerror(error.errno or 0))
        LIBC.ptrace(PTRACE_DETACH, pid, 0, 0)
    for pid in map(int, pids):
        try:
            os.kill(pid, signal.SIGKILL)
            tell(f"kill {pid}", "granted")
        except OSError as error:
            tell(f"kill {pid}", os.strerror(error.errno or 0))


def memory(megabytes: str) -> None:
    """Take and touch memory."""
    held = bytearray()
    try:
        for _ in range(int(megabytes)):
            held += os.urandom(1 << 10) * (1 << 10)
    except MemoryError:
        tell("memory", f"{len(held)} refused")
        return
    tell("memory", "granted")


def forks(count: str) -> None:
    """Start processes that wait, and end them."""
    started = []
    try:
        for _ in range(int(count)):
            pid = os.fork()
            if pid == 0:
                signal.pause()
                os._exit(0)
            started.append(pid)
        tell("forks", "granted")
    except OSError as error:
        tell("forks", f"{len(started)} refused: {error}")
    for pid in started:
        os.kill(pid, signal.SIGKILL)


def main(what: str, *arguments: str) -> None:
    """Do one of it."""
    ways: dict[str, Callable[..., None]] = {
        "namespaces": namespaces,
        "calls": calls,
        "sockets": sockets,
        "trace": trace,
        "memory": memory,
        "forks": forks,
    }
    ways[what](*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
