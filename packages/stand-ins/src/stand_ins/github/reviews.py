"""Reviews of pull requests: verdicts, and threads of comments on lines of the diff."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from stand_ins.github.accounts import User
from stand_ins.github.history import ChangedFile
from stand_ins.github.patches import HUNK

STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
SIDES = {"RIGHT": "+ ", "LEFT": "- "}
DECIDES = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
NEW_START = re.compile(r"\+(\d+)")


@dataclass
class Review:
    """What somebody said of a pull request as a whole; it is `PENDING` until it is submitted."""

    id: int
    user: User
    state: str
    body: str
    commit_sha: str
    submitted_at: datetime | None


@dataclass
class ReviewComment:
    """A comment in a thread."""

    id: int
    review_id: int
    user: User
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass
class ReviewThread:
    """Comments on a line of a file, or on lines up to it; a `LEFT` one is of the old file.

    The diff no longer has the line of one that is `outdated`: it keeps the place that it had.
    """

    id: int
    path: str
    line: int
    side: str = "RIGHT"
    start_line: int | None = None
    resolved: bool = False
    outdated: bool = False
    comments: list[ReviewComment] = field(default_factory=list)


def has_line(file: ChangedFile, line: int, side: str) -> bool:
    """Say whether the diff of a file shows a line of one side."""
    old = new = 0
    for text in (file.patch or "").splitlines():
        if found := HUNK.fullmatch(text):
            start = NEW_START.search(text)
            old, new = int(found[1]), int(start[1]) if start else 0
            continue
        sign = text[:1] or " "
        if sign in SIDES[side] and line == (new if side == "RIGHT" else old):
            return True
        new += sign != "-"
        old += sign != "+"
    return False


def decision(reviews: list[Review]) -> str | None:
    """Give GitHub's decision: the last verdict of each reviewer counts; None without any."""
    last = {one.user.login: one.state for one in reviews if one.state in DECIDES}
    if "CHANGES_REQUESTED" in last.values():
        return "CHANGES_REQUESTED"
    return "APPROVED" if "APPROVED" in last.values() else None
