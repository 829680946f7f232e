"""`make demo MODE=propose`: what the agent only proposed is there after the approval, and not before."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.house import free_ports_for_all
from fixtures.triage import WRITTEN
from house.paths import ROOT

LIMIT_SECONDS = 150
NOT_YET = re.compile(r"so far: labels \[\], no comment of ours\n2 proposals wait")
SENT = re.compile(r"^(\w+) on \S+: done, sent once", re.MULTILINE)


@pytest.mark.slow
def test_what_is_proposed_is_sent_once_after_the_approval(tmp_path: Path) -> None:
    """Nothing is there before the decision, and labels and one comment after it; by another door and transport, too."""
    environ = {"AGENT_BOT_HOME": str(tmp_path / "var"), "PATH": os.defpath, "PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run(
        [sys.executable, "-m", "house", "demo"],
        env=environ | free_ports_for_all() | {"DOOR": "redis", "MODE": "propose", "TRANSPORT": "http"},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    said = done.stdout
    assert done.returncode == 0, said + done.stderr
    assert "came in by redis\n" in said
    assert NOT_YET.search(said)
    assert SENT.findall(said) == ["issue_write", "add_issue_comment"]
    assert re.search(WRITTEN, said, re.MULTILINE)
