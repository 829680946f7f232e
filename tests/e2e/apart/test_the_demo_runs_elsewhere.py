"""`make demo` where nothing is as here: path, locale, time zone and HOME."""

import os
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fixtures.house import free_ports_for_all
from fixtures.triage import WRITTEN
from house.paths import ROOT

LIMIT_SECONDS = 150
ODD = "Çöp Kutusu/häusliche Agenten"
LEFT_OUT = (".*", "tests", "var", "dist", "node_modules")
EVIDENCE = {
    "door": r"came in by webhook$",
    "issue": WRITTEN,
    "reads": r"\bissue_read\b(.|\n)*\bfind_similar_issues\b",
    "writes": r"\bissue_write\b(.|\n)*\badd_issue_comment\b",
    "verdict": r"^\s*(?:verdict: )?succeeded\b",
    "claim": r"^(?:[a-z2-7]{8} )+ +The labels were set\.",
    "effect": r"^done +github/add_issue_comment +octocat/hello-world#\d+",
    "row": r"^ledger: task [0-9a-f-]{36} succeeded, attempts 1, cost 0\.\d+ USD at list prices$",
}
"""What the demo tells, and how that reads."""
START = "#!/bin/sh\n'''exec' \"$(dirname \"$0\")/python\" \"$0\" \"$@\"\n' '''\n"
"""How installers begin a program whose interpreter's path has spaces."""


def checkout(folder: Path) -> Path:
    """Make a checkout with an environment of its own, as `make` would install it there, from what is installed here."""
    paths = folder / ODD / "agent bot"
    shutil.copytree(ROOT, paths, ignore=shutil.ignore_patterns(*LEFT_OUT))
    here, there = Path(sys.prefix), paths / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(there)], check=True)
    packages = "lib/python{}.{}/site-packages".format(*sys.version_info)
    for path in (here / packages).iterdir():
        copy = there / packages / path.name
        if path.suffix == ".pth":
            copy.write_text(path.read_text().replace(str(ROOT), str(paths)))
        else:
            copy.symlink_to(path)
    for path in (here / "bin").iterdir():
        copy = there / "bin" / path.name
        content = b"" if copy.exists() else path.read_bytes()
        if content.startswith(b"#!"):
            copy.write_text(START + content.decode().split("\n", 1)[1])
            copy.chmod(0o755)
    (there / "runs").touch()
    asking = [str(there / "bin/python"), "-c", "import agent_engine; print(agent_engine.__file__)"]
    found = subprocess.run(asking, env={"LANG": "C.UTF-8"}, capture_output=True, text=True, check=True).stdout
    assert found.startswith(str(paths))
    return paths


@pytest.mark.slow
@pytest.mark.bad_input
def test_the_demo_ends_well(tmp_path: Path) -> None:
    """In a path with spaces and umlauts, under a locale that is not installed, 14 hours east, no HOME to write to.

    What came in, tool calls, verdict, claims with their refs, effects, the ledger's row, transcript and issue are told.
    """
    paths = checkout(tmp_path)
    began = time.time()
    environ = {"HOME": "/proc/nowhere", "LANG": "tr_TR", "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"}
    done = subprocess.run(
        ["make", "-C", str(paths), "demo"],
        env=environ | {"PATH": os.defpath} | free_ports_for_all(),
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "the demo's processes are stopped" in said
    assert "Traceback" not in said
    missing = [name for name, pattern in EVIDENCE.items() if not re.search(pattern, done.stdout, re.MULTILINE)]
    assert not missing, said

    transcript = re.search(r"^transcript: (.+)$", done.stdout, re.MULTILINE)
    assert transcript
    path = Path(transcript[1])
    assert "issue_write" in path.read_text()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    home = paths / "var/demo"
    secrets = [path.read_text().strip() for path in (home / "secrets").iterdir() if path.suffix != ".json"]
    assert not [secret for secret in secrets if secret in said]
    line = next(line for line in (home / "log/worker.log").read_text().splitlines() if "worker_started" in line)
    told = datetime.fromisoformat(line.partition('"timestamp": "')[2].partition('"')[0])
    assert (told.tzinfo, began - 60 < told.timestamp() < time.time() + 60) == (UTC, True)
