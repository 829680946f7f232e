"""Task ids: time-ordered when new, derived when the same entry or delivery must give the same task."""

import secrets
import time
import uuid

NAMESPACE = uuid.UUID("7d3b3c0e-1f5a-5a0e-9c43-2f6c1b0f7a11")


def uuid7() -> uuid.UUID:
    """Return a new UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def task_id_for(*parts: str) -> uuid.UUID:
    """Return the task id that is derived from a tenant's stream entry, or from a delivery and its trigger.

    The parts are length-prefixed before hashing, so that no two lists of parts give one id.
    """
    return uuid.uuid5(NAMESPACE, "".join(f"{len(part)}:{part}" for part in parts))
