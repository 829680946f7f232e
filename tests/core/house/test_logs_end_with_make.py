"""`make logs` that is told to stop leaves no process behind."""

import os
import subprocess
from pathlib import Path

import psutil
import pytest
from house.paths import ROOT


@pytest.mark.slow
@pytest.mark.parametrize("given", [[], ["TASK=abc"]], ids=["all", "task"])
def test_what_follows_the_logs_ends_with_make(tmp_path: Path, given: list[str]) -> None:
    """SIGTERM to make alone ends what follows the logs, whether of all or of one task."""
    (tmp_path / "log").mkdir()
    (tmp_path / "log/worker.log").write_text("of task abc\n")
    argv = ["make", "--silent", "-o", ".venv/runs", "-C", str(ROOT), "logs", *given]
    env = {"PATH": os.defpath, "AGENT_BOT_HOME": str(tmp_path)}
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as make:
        assert make.stdout is not None
        assert "of task abc\n" in iter(make.stdout.readline, "")
        started = psutil.Process(make.pid).children(recursive=True)
        assert "tail" in [process.name() for process in started]
        make.terminate()
        _, left = psutil.wait_procs(started, timeout=20)
        for process in left:
            process.kill()
    assert left == []
