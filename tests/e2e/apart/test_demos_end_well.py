"""`make demo` in its variants: what was only proposed is there once approved; a review stands on lines of a diff."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.house import free_ports_for_all
from fixtures.triage import WRITTEN
from house.paths import ROOT

pytestmark = pytest.mark.slow
LIMIT_SECONDS = 150
NOT_YET = re.compile(r"so far: labels \[\], no comment of ours\n2 proposals wait")
SENT = re.compile(r"^(\w+) on \S+: done, sent once", re.MULTILINE)


def test_what_is_proposed_is_sent_once_after_the_approval(tmp_path: Path) -> None:
    """Nothing is there before the decision, and labels and one comment after it; by another door and transport, too."""
    said = _demo(tmp_path, DOOR="redis", MODE="propose", TRANSPORT="http")
    assert "came in by redis\n" in said
    assert NOT_YET.search(said)
    assert SENT.findall(said) == ["issue_write", "add_issue_comment"]
    assert re.search(WRITTEN, said, re.MULTILINE)


def test_a_failed_check_is_explained_and_the_pull_request_reviewed(tmp_path: Path) -> None:
    """One webhook starts both tasks; the comment has the log's line, and the review a comment on a line it adds."""
    said = _demo(tmp_path, STORY="review")
    assert re.findall(r"ledger: task \S+ (\w+), attempts 1", said) == ["succeeded", "succeeded"]
    assert (
        "  comment by @agent-bot:\n    The job `test` failed: RuntimeError: Could not determine home directory." in said
    )
    assert "  review (commented) by @agent-bot:\n" in said
    assert "  on hello/settings.py:8 by @agent-bot: " in said


def _demo(tmp_path: Path, **choices: str) -> str:
    environ = {"AGENT_BOT_HOME": str(tmp_path / "var"), "PATH": os.defpath, "PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run(
        [sys.executable, "-m", "house", "demo"],
        env=environ | free_ports_for_all() | choices,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
