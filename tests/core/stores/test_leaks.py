"""A test that leaves something behind fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.stores import leaked_keys
from redis.asyncio import Redis

TESTS = """
import subprocess

def test_leaves_nothing():
    subprocess.run(["sleep", "0"])

def test_leaves_a_child_and_an_orphan():
    globals()["kept"] = subprocess.Popen(["sleep", "61"])
    subprocess.run(["/bin/sh", "-c", "sleep 62 >/dev/null 2>&1 &"])
"""


@pytest.mark.slow
def test_processes_left_fail_their_test(tmp_path: Path) -> None:
    """A child that still runs, and an orphan of one that does not, fail the test, are named and are ended."""
    (tmp_path / "test_sample.py").write_text(TESTS)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "fixtures.leaks", "-p", "no:cacheprovider", "-rN", "."],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed, 1 error" in result.stdout
    (line,) = [line for line in result.stdout.splitlines() if "processes left by the test: " in line]
    assert "sleep 61" in line
    assert "sleep 62" in line


async def test_keys_left_are_found(redis: Redis) -> None:
    """A key without expiry is a leak, unless it is one of the bounded streams that live on."""
    await redis.set("kept", 1, ex=60)
    await redis.xadd("agent:tasks:other", {"task": "{}"})
    assert await leaked_keys(redis) == []
    await redis.set("left", 1)
    assert await leaked_keys(redis) == ["left"]
    assert await leaked_keys(redis, ["agent:tasks*", "le*"]) == []
    await redis.expire("left", 60)
