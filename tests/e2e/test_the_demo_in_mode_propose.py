"""`make demo MODE=propose`: proposed, shown, approved by the command line, sent once, and really there."""

import os
import re
import subprocess
import sys
from pathlib import Path

from fixtures.house import free_ports_for_all
from house.place import ROOT

LIMIT_SECONDS = 150


def test_the_demo_ends_well_only_with_both_writes_sent_once(tmp_path: Path) -> None:
    """Nothing is there before the decision, and labels and one comment after it."""
    given = {"AGENT_BOT_HOME": str(tmp_path / "var"), "PATH": os.defpath, "MODE": "propose", "DOOR": "redis"}
    done = subprocess.run(
        [sys.executable, "-m", "house", "demo"],
        env=given | free_ports_for_all() | {"PYTHONPATH": str(ROOT / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    said = done.stdout
    assert done.returncode == 0, said + done.stderr
    assert re.search(r"as yet: labels \[\], no comment of ours\n2 proposals wait", said)
    assert re.findall(r"^(\w+) on \S+: done, sent 1 time\(s\)", said, re.MULTILINE) == [
        "issue_write",
        "add_issue_comment",
    ]
    assert re.search(r"now: .*\n  state: open; labels: \['bug'\]\n  comment by @agent-bot:", said)
