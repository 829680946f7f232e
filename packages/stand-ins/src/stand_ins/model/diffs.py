"""What a script reads out of a diff as pull_request_read shows it: the lines that were added, as places of comments."""

import json
import re
from collections.abc import Iterator
from typing import Any

FILE = re.compile(r'(?:added|modified|renamed|changed|copied) ("(?:[^"\\]|\\.)*")')
HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def added_lines(diff: str) -> Iterator[dict[str, Any]]:
    """Yield path, number and text of each line that a diff adds and that says something."""
    path, line = "", 0
    for text in diff.splitlines():
        if found := FILE.match(text):
            path, line = json.loads(found[1]), 0
        elif found := HUNK.match(text):
            line = int(found[1])
        elif line:
            if text.startswith("+") and text[1:].strip():
                yield {"path": path, "line": line, "text": text[1:].strip()}
            line += not text.startswith("-")


def line_comments(diff: str, body: str, most: int = 2) -> list[dict[str, Any]]:
    """Make a comment on the first added line of each of the first files."""
    first: dict[str, dict[str, Any]] = {}
    for one in added_lines(diff):
        first.setdefault(one["path"], one)
    return [{"path": one["path"], "line": one["line"], "body": body} for one in list(first.values())[:most]]


def gists(comments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the comments as the output of pr-review names them."""
    return [{"path": one["path"], "line": one["line"], "gist": one["body"]} for one in comments]
