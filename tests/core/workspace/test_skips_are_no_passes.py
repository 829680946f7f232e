"""Under CI=true a test that is skipped without leave fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.skips import ALLOWED, FOR_PLAIN_USERS, unexpected

TESTS = """
import pytest

@pytest.mark.skipif(True, reason="the moon is not full")
def test_marked(): pass

def test_inside():
    pytest.skip("it rains")

@pytest.fixture
def missing():
    pytest.skip("nobody is here")

def test_by_a_fixture(missing): pass

def test_allowed():
    pytest.skip("needs cgroups of version 1")

@pytest.mark.xfail(reason="a known fault")
def test_known(): assert False
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ci", "counted"), [("true", "1 failed, 1 skipped, 1 xfailed, 2 errors"), ("", "4 skipped, 1 xfailed")]
)
def test_a_skip_without_leave_fails_under_ci(tmp_path: Path, ci: str, counted: str) -> None:
    """Marked, said inside or by a fixture: each fails with its reason; elsewhere all are skips."""
    (tmp_path / "test_sample.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "fixtures.skips", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert counted in done.stdout
    for reason in ("the moon is not full", "it rains", "nobody is here"):
        assert (f"does not allow it: {reason}" in done.stdout) is bool(ci)


@pytest.mark.parametrize("start", ALLOWED)
def test_root_skips_nothing_that_only_needs_root(start: str) -> None:
    """What is allowed is allowed to a plain user; under root what needs nothing else has no excuse."""
    assert not unexpected(start, root=False)
    assert unexpected(start, root=True) is (start in FOR_PLAIN_USERS)
