"""What is no task is refused by its door with the reason, in a whole house: no row, no run, and the next is taken."""

import asyncio
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from e2e.bad_input.ground import SKILL, STREAM, TEXT, Ground
from house.paths import command

GOOD = {"skill": SKILL, "input": TEXT}
RAW: dict[str, tuple[bytes, int, str, str]] = {
    "malformed": (b'{"skill": "answer", ', 400, "json", "not JSON"),
    "nested": (b'{"skill": "answer", "input": ' + b'{"a":' * 100_000, 400, "json", "not JSON"),
    "utf-8": (b'{"skill": "answer", "input": "\xff"}', 400, "encoding", "UTF-8"),
    "nul": (b'{"skill": "answer", "input": "a\\u0000b"}', 422, "nul", "NUL"),
    "5 MB": (b'{"skill": "answer", "input": "' + b"x" * 5_000_000 + b'"}', 413, "body_too_large", "1048576"),
    "skill": (json.dumps({**GOOD, "skill": "no-such-skill"}).encode(), 422, "skill", "no-such-skill is unknown"),
    "engine": (
        json.dumps({**GOOD, "engine": "no-such"}).encode(),
        403,
        "door",
        "runs on claude, not on no-such: leave it out",
    ),
    "field": (json.dumps({**GOOD, "server": "github"}).encode(), 422, "field", "server: unknown field"),
    "type": (json.dumps({**GOOD, "budget": "much"}).encode(), 422, "field", "budget"),
    "turns": (json.dumps({**GOOD, "budget": {"turns": 0}}).encode(), 422, "field", "budget.turns"),
    "deadline": (json.dumps({**GOOD, "deadline": "2020-01-01T00:00:00Z"}).encode(), 422, "deadline", "is over"),
    "house": (
        json.dumps({**GOOD, "resources": {"github": {"repositories": ["evil/secret"]}}}).encode(),
        403,
        "door",
        "nothing of evil/secret is open at",
    ),
}
"""Bodies, and what becomes of them: the HTTP status, the reason, and a part of the message."""


async def rows(ground: Ground) -> int:
    """Count the tasks of the house."""
    async with ground.house.database() as pool:
        counted: int = await pool.fetchval("select count(*) from ledger.tasks")
    return counted


@pytest.mark.parametrize("name", RAW)
async def test_http_and_stream_say_the_same(ground: Ground, name: str) -> None:
    """Both doors name the same reason; neither makes a row, and the stream keeps the bytes."""
    raw, status, reason, part = RAW[name]
    before = await rows(ground)
    headers = {"content-type": "application/json"}
    reply = await ground.house.control("POST", "/v1/tasks", content=raw, headers=headers)
    redis = ground.redis()
    try:
        entry: Any = await redis.xadd(STREAM, {"task": raw})
        kept = await ground.taken(redis, "agent:rejected", entry)
        answered = await ground.taken(redis, "agent:results", entry)
    finally:
        await redis.aclose()

    told = reply.json()
    assert (reply.status, told["reason"]) == (status, reason), reply.text
    assert part in told["message"]
    assert told["remedy"]
    assert kept["reason"] == ("size" if status == 413 else reason)
    assert ("5000032 bytes" if status == 413 else part) in kept["message"]
    assert kept["original:task"] == raw.decode(errors="replace")[:1_048_576]
    assert answered["status"] == "rejected"
    assert await rows(ground) == before
    shown = reply.text + json.dumps([kept, answered])
    assert not [one for one, secret in ground.secrets().items() if secret in shown]


FILES: dict[str, tuple[bytes, str]] = {
    "utf-8": (b"caf\xe9", "can't decode byte 0xe9"),
    "5 MB": (b"x" * 5_000_000, "larger than 1048576 bytes: pass a reference"),
    "nested": (b'{"a":' * 20_000, "within one another are read; to send it as text, use --input-text"),
    "many values": (b'{"a":' * 200_000, "more than 100000 values, the most that are read"),
}


def engine(ground: Ground, argv: Sequence[str], **changes: str) -> tuple[int, str]:
    """Run an `agent-engine` command that says nothing on stdout; give its status and the one line that it says."""
    env = ground.house.engine_env(**changes)
    done = subprocess.run([command("agent-engine"), *argv], env=env, capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert not [one for one, secret in ground.secrets().items() if secret in done.stderr]
    return done.returncode, done.stderr


@pytest.mark.parametrize("name", FILES)
async def test_the_command_line_takes_no_such_file(ground: Ground, tmp_path: Path, name: str) -> None:
    """A file that is no input is one line with the reason, status 2 and no row."""
    content, part = FILES[name]
    (tmp_path / "input").write_bytes(content)
    before = await rows(ground)
    argv = ["enqueue", SKILL, "--input", f"@{tmp_path / 'input'}"]
    status, said = await asyncio.to_thread(engine, ground, argv)
    assert (status, part in said) == (2, True), said
    assert await rows(ground) == before


def test_two_skills_of_one_name_start_no_worker(ground: Ground, tmp_path: Path) -> None:
    """A worker that finds two skills of one name ends at once, names both folders and the remedy."""
    folders = [tmp_path / "one" / SKILL, tmp_path / "two" / SKILL]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(f"---\nname: {SKILL}\ndescription: Answers.\n---\nAnswer.\n")
    path = ":".join(str(folder.parent) for folder in folders)
    status, said = engine(ground, ["worker", "--http", "off"], SKILLS_PATH=path)
    assert status == 2
    assert f"two skills are named '{SKILL}': {folders[0]} and {folders[1]}" in said
    assert "rename one" in said


@pytest.mark.parametrize(("budget", "says"), [({"usd": 0}, "US dollars"), ({"tokens": 0}, "0 tokens")])
async def test_a_budget_of_nothing_ends_as_used_up(ground: Ground, budget: dict[str, int], says: str) -> None:
    """A task that may spend nothing is taken, ends by its budget with its name, and costs nothing."""
    reply = await ground.post(budget=budget)
    result = await ground.house.result(UUID(reply.json()["id"]))
    assert (result.status, result.reason) == ("failed", "budget"), result.message
    assert result.cost_usd == 0
    assert result.message.startswith("the model API answered 402: ")
    assert says in result.message
    assert "API Error" not in result.message
    assert "\n" not in result.message
    ground.nothing_is_left()


async def test_after_all_that_a_task_succeeds(ground: Ground) -> None:
    """The house goes on as if nothing had been."""
    await ground.succeed(UUID((await ground.post()).json()["id"]))
    ground.nothing_is_left()
