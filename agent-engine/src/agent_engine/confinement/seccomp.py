"""A filter of system calls for the confinement: socket families that no namespace bounds, and the kernel's back doors.

A socket of AF_VSOCK reaches a virtual machine's host from inside any network namespace; key rings and io_uring (which
opens sockets past a filter) belong to no namespace either. Tracing is refused too: who traces the first process of
its namespace can stop the run.
"""

import platform
import struct
from dataclasses import dataclass

ALLOW = 0x7FFF0000
KILL = 0x80000000
ERRNO = 0x00050000
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16
X32 = 0x40000000
FAMILIES = (1, 2, 10, 16)
"""UNIX, INET, INET6, NETLINK."""


@dataclass(frozen=True)
class Architecture:
    """One machine's numbers.

    Attributes:
        audit: its AUDIT_ARCH.
        socket: the number of socket(2).
        refused: what is answered with EPERM.
        absent: what is answered with ENOSYS, so that programs fall back.
    """

    audit: int
    socket: int
    refused: tuple[int, ...]
    absent: tuple[int, ...] = (425, 426, 427)


X86_64 = Architecture(
    audit=0xC000003E,
    socket=41,
    refused=(
        *(248, 249, 250),  # add_key, request_key, keyctl
        *(155, 165, 166, 428, 429, 430, 431, 432, 433, 442),  # pivot_root, mount, umount2, the newer mount calls
        *(272, 308, 304),  # unshare, setns, open_by_handle_at
        *(298, 321, 323),  # perf_event_open, bpf, userfaultfd
        *(101, 310, 311, 312, 438),  # ptrace, process_vm_readv, process_vm_writev, kcmp, pidfd_getfd
        # syslog, acct, swap, reboot, modules, quotactl, kexec
        *(103, 163, 167, 168, 169, 175, 176, 179, 246, 313, 320),
    ),
)
AARCH64 = Architecture(
    audit=0xC00000B7,
    socket=198,
    refused=(
        *(217, 218, 219),
        *(41, 40, 39, 428, 429, 430, 431, 432, 433, 442),
        *(97, 268, 265),
        *(241, 280, 282),
        *(117, 270, 271, 272, 438),
        *(116, 89, 224, 225, 142, 105, 106, 60, 104, 273, 294),
    ),
)
ARCHITECTURES = {"x86_64": X86_64, "aarch64": AARCH64}


def program(machine: str | None = None) -> bytes | None:
    """Give the filter as bubblewrap reads it; None for a machine whose numbers are not known here."""
    known = ARCHITECTURES.get(machine or platform.machine())
    if known is None:
        return None
    steps = [
        _step(LOAD, ARCHITECTURE_AT),
        _step(EQUAL, known.audit, yes=1),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER_AT),
        _step(AT_LEAST, X32, no=1),
        _step(RETURN, ERRNO | ENOSYS),
    ]
    for numbers, errno in ((known.refused, EPERM), (known.absent, ENOSYS)):
        for number in numbers:
            steps += [_step(EQUAL, number, no=1), _step(RETURN, ERRNO | errno)]
    steps += [_step(EQUAL, known.socket, yes=1), _step(RETURN, ALLOW), _step(LOAD, FIRST_ARGUMENT_AT)]
    for family in FAMILIES:
        steps += [_step(EQUAL, family, no=1), _step(RETURN, ALLOW)]
    return b"".join([*steps, _step(RETURN, ERRNO | EAFNOSUPPORT)])


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """Give one instruction; `yes` and `no` are how many to skip after a comparison."""
    return struct.pack("<HBBI", code, yes, no, value)
