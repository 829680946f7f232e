"""Patches as GitHub shows them of a file: hunks alone, three lines around each change. Makes and applies them."""

import re
from difflib import unified_diff

HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@.*")


def make_patch(before: bytes, after: bytes) -> str | None:
    """Make the patch from one text to another; None where one is binary."""
    if b"\0" in before + after:
        return None
    old, new = before.decode().splitlines(), after.decode().splitlines()
    return "\n".join(list(unified_diff(old, new, lineterm="", n=3))[2:]) or None


def apply_patch(before: bytes, patch: str) -> bytes:
    """Apply a patch to the text that it was made of.

    Raises:
        ValueError: it was made of another text.
    """
    old, new, at = before.decode().splitlines(), [], 0
    for line in patch.splitlines():
        if found := HUNK.fullmatch(line):
            start = max(int(found[1]) - 1, at)
            new += old[at:start]
            at = start
        elif line.startswith("+"):
            new.append(line[1:])
        else:
            if at >= len(old) or old[at] != line[1:]:
                raise ValueError(f"the patch was made of another text: {line!r}")
            if not line.startswith("-"):
                new.append(old[at])
            at += 1
    return "".join(f"{line}\n" for line in [*new, *old[at:]]).encode()
