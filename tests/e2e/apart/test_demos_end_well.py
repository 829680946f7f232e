"""`make demo` to its end: what was asked for is really there, what was only proposed is there after the approval."""

import os
import re
import subprocess
import sys
from pathlib import Path

from fixtures.house import free_ports_for_all
from house.place import ROOT

LIMIT_SECONDS = 150
WRITTEN = re.compile(r"^issue #\d+ now: .*\n  state: open; labels: \['bug'\]\n  comment by @agent-bot:", re.MULTILINE)


def demo(home: Path, **given: str) -> str:
    """Run the demo in a house of its own; what it printed.

    Raises:
        AssertionError: it did not end with 0.
    """
    done = subprocess.run(
        [sys.executable, "-m", "house", "demo"],
        env={"AGENT_BOT_HOME": str(home), "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}
        | free_ports_for_all()
        | {"PYTHONPATH": str(ROOT / "scripts")}
        | given,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_answer_is_shown_with_its_evidence(tmp_path: Path) -> None:
    """Tool calls, verdict, claims with their refs, effects, the ledger's row and the transcript are all told.

    The demo as it is without a choice runs in `test_the_demo_runs_elsewhere`.
    """
    said = demo(tmp_path / "var", DOOR="cli", TRANSPORT="http")
    assert "came in by cli\n" in said
    assert WRITTEN.search(said)
    for tool in ("issue_read", "find_similar_issues", "issue_write", "add_issue_comment"):
        assert re.search(rf"\b{tool}\b", said), said
    assert re.search(r"^\s*(?:verdict: )?succeeded\b", said, re.MULTILINE), said
    assert re.search(r"^(?:[a-z2-7]{8} )+ +The labels were set\.", said, re.MULTILINE), said
    assert re.search(r"^done +github/add_issue_comment +octocat/hello-world#\d+", said, re.MULTILINE), said
    assert re.search(r"^ledger: task [0-9a-f-]{36} succeeded, attempts 1, cost 0\.\d+ USD$", said, re.MULTILINE)
    transcript = re.search(r"^transcript: (.+)$", said, re.MULTILINE)
    assert transcript
    path = Path(transcript[1])
    assert "issue_write" in path.read_text()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_is_proposed_is_sent_once_after_the_approval(tmp_path: Path) -> None:
    """Nothing is there before the decision, and labels and one comment after it."""
    said = demo(tmp_path / "var", DOOR="redis", MODE="propose")
    assert re.search(r"as yet: labels \[\], no comment of ours\n2 proposals wait", said)
    assert re.findall(r"^(\w+) on \S+: done, sent 1 time\(s\)", said, re.MULTILINE) == [
        "issue_write",
        "add_issue_comment",
    ]
    assert WRITTEN.search(said)
