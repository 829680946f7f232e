"""What scenarios of release notes read off the tools' replies."""

import re
from typing import Any

KINDS = {"breaking": ("remove", "drop", "rename", "break"), "fixed": ("fix", "crash", "without"), "internal": ("test",)}
"""Words in a title that speak for a kind of change; without any it is new."""
CHANGE = re.compile(r"^\* (.+) by @\S+ in \S+/pull/(\d+)$", re.MULTILINE)
CHANGELOG = re.compile(r"^\*\*Full Changelog\*\*: \S+$", re.MULTILINE)


def changes(notes: str) -> list[dict[str, Any]]:
    """Give number and kind of each change in the text of generate_release_notes, as release-notes answers them."""
    return [{"pull_request": int(number), "kind": _kind(title)} for title, number in CHANGE.findall(notes)]


def notes_body(notes: str, tag: str) -> str:
    """Write notes of the changes in the text of generate_release_notes, without the names of people."""
    lines = [f"- {title} (#{number})" for title, number in CHANGE.findall(notes)]
    end = CHANGELOG.search(notes)
    return "\n".join([f"{tag} has {len(lines)} changes.", "", *lines, *(["", end[0]] if end else [])])


def _kind(title: str) -> str:
    lowered = title.lower()
    return next((kind for kind, words in KINDS.items() if any(word in lowered for word in words)), "new")
