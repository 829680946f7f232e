"""The workspace: one lock file, and what a newcomer's commands need."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TARGETS = """
    init demo up down health logs test test-unit test-npm check format build clean
"""
FIXED = ("mcp", "fastmcp", "anthropic", "httpx", "redis", "asyncpg", "pydantic-settings", "prometheus-client", "pytest")


def test_the_packages_that_are_fixed_resolve_in_one_lock() -> None:
    """Every package that the project is bound to is locked, once."""
    locked = [package["name"] for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]]
    assert [name for name in FIXED if locked.count(name) != 1] == []


def test_make_alone_explains_every_target() -> None:
    """A target that is not explained is not found."""
    told = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, check=True).stdout
    assert [target for target in TARGETS.split() if f"make {target} " not in told] == []


def test_a_python_without_venv_and_pip_is_named_with_the_remedy(tmp_path: Path) -> None:
    """Where uv cannot be installed, the message says which Python lacks what, and what to install."""
    for name in ("venv", "pip"):
        (tmp_path / f"{name}.py").write_text(f"raise ImportError('no {name}')")
    script = tmp_path / "checkout/scripts/bootstrap.sh"
    script.parent.mkdir(parents=True)
    shutil.copy(ROOT / "scripts/bootstrap.sh", script)
    done = subprocess.run(
        ["sh", str(script)],
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f"({sys.executable}) has neither venv nor pip" in done.stderr
