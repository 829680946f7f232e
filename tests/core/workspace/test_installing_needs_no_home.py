"""`scripts/bootstrap.sh` installs where HOME cannot be written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROJECT = '[project]\nname = "small"\nversion = "0"\nrequires-python = ">=3.11"\n'
LIMIT_SECONDS = 50


@pytest.fixture
def path() -> str:
    """A PATH with the uv that installed what runs here."""
    found = shutil.which("uv", path=f"{os.environ['PATH']}:{ROOT}/.tools/bin")
    if found is None:
        pytest.skip("needs uv: scripts/bootstrap.sh installs it")
    return f"{Path(found).parent}:{os.defpath}"


def test_a_home_that_cannot_be_written_is_no_obstacle(tmp_path: Path, path: str) -> None:
    """What uv keeps lies in the checkout then."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/bootstrap.sh", tmp_path / "scripts")
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    environ = {"PATH": path, "HOME": "/proc/nowhere", "PYTHON": sys.executable, "UV_OFFLINE": "1"}
    locking = ["uv", "lock", "--quiet", "--no-cache", "--python", sys.executable]
    subprocess.run(locking, cwd=tmp_path, env=environ, check=True, timeout=LIMIT_SECONDS)
    done = subprocess.run(
        [str(tmp_path / "scripts/bootstrap.sh")],
        env=environ,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / ".venv/bin/python").exists()
    assert (tmp_path / ".tools/cache").is_dir()
