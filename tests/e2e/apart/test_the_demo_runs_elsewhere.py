"""`make demo` where nothing is as here: path, locale, time zone and HOME."""

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fixtures.house import free_ports_for_all
from house.place import ROOT

LIMIT_SECONDS = 150
ODD = "Çöp Kutusu/häusliche Agenten"
LEFT_OUT = (".*", "tests", "var", "dist", "node_modules")
START = "#!/bin/sh\n'''exec' \"$(dirname \"$0\")/python\" \"$0\" \"$@\"\n' '''\n"
"""How installers begin a program whose interpreter's path has spaces."""


def checkout(folder: Path) -> Path:
    """Make a checkout with an environment of its own, as `make` would install it there, from what is installed here."""
    place = folder / ODD / "agent bot"
    shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(*LEFT_OUT))
    here, there = Path(sys.prefix), place / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(there)], check=True)
    packages = "lib/python{}.{}/site-packages".format(*sys.version_info)
    for path in (here / packages).iterdir():
        copy = there / packages / path.name
        if path.suffix == ".pth":
            copy.write_text(path.read_text().replace(str(ROOT), str(place)))
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
    assert found.startswith(str(place))
    return place


@pytest.mark.bad_input
def test_the_demo_ends_well(tmp_path: Path) -> None:
    """In a path with spaces and umlauts, under a locale that is not installed, 14 hours east, no HOME to write to."""
    place = checkout(tmp_path)
    began = time.time()
    environ = {"HOME": "/proc/nowhere", "LANG": "tr_TR", "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"}
    done = subprocess.run(
        ["make", "-C", str(place), "demo"],
        env=environ | {"PATH": os.defpath} | free_ports_for_all(),
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "ledger: task " in said
    assert "the demo's processes are stopped" in said
    assert "Traceback" not in said
    home = place / "var/demo"
    secrets = [path.read_text().strip() for path in (home / "secrets").iterdir() if path.suffix != ".json"]
    assert not [secret for secret in secrets if secret in said]
    line = next(line for line in (home / "log/worker.log").read_text().splitlines() if "worker_started" in line)
    told = datetime.fromisoformat(line.partition('"timestamp": "')[2].partition('"')[0])
    assert (told.tzinfo, began - 60 < told.timestamp() < time.time() + 60) == (UTC, True)
