"""The command line: what each command prints and how it exits."""

import asyncio
import json
import uuid
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import agent_ledger
import asyncpg
import pytest
import yaml
from agent_contracts import TaskResult
from agent_contracts.event import Text
from agent_engine.cli.app import app
from agent_engine.cli.screen import UsageError
from agent_engine.cli.submit import read_input
from agent_engine.skills.load import load_shelf, shipped_folder
from agent_stores.pool import open_pool
from typer.testing import CliRunner, Result
from unit.agent_engine.engine_house import OPEN
from unit.agent_engine.skill_folder import write_skill

Run = Callable[..., Result]
INPUT = '{"repository": "octocat/hello-world", "issue": 1}'


@pytest.fixture
def access(tmp_path: Path) -> Path:
    """An access file with the command line's door."""
    path = tmp_path / "access.yaml"
    path.write_text(yaml.safe_dump({"cli": {"skills": ["*"], "vendors": OPEN}}))
    return path


@pytest.fixture
def run(database_url: str, access: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with a ledger and a door in its environment."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ACCESS_FILE", str(access))
    monkeypatch.delenv("SKILLS_PATH", raising=False)
    runner = CliRunner()

    def invoke(*arguments: str) -> Result:
        result = runner.invoke(app, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


def apart(url: str, work: Callable[[asyncpg.Pool], Coroutine[Any, Any, Any]]) -> Any:
    """Do something with the ledger in a loop of its own."""

    async def with_pool() -> Any:
        pool = await open_pool(url, size=2, application="tests")
        try:
            return await work(pool)
        finally:
            await pool.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, with_pool()).result()


def enqueued(run: Run) -> str:
    """Register the shipped skills and enqueue a task."""
    assert run("skills", "register").exit_code == 0
    result = run("enqueue", "issue-triage", "-i", INPUT, "--json")
    assert result.exit_code == 0, result.output
    return str(json.loads(result.output)["id"])


async def end(pool: asyncpg.Pool, status: str = "succeeded") -> None:
    """Play a worker that does the one task that waits."""
    versions = load_shelf([shipped_folder()]).versions()
    claim = await agent_ledger.claim(
        pool, worker="w", lease_seconds=60, pools=["default"], engines=["claude"], skills=versions
    )
    assert claim is not None
    assert claim.task.actor is not None
    assert (claim.door, claim.task.actor.kind) == ("cli", "person")
    await agent_ledger.append_events(pool, claim.id, 1, [(1, datetime.now(UTC), Text(text="hello \x1b[2J"))])
    await agent_ledger.save_transcript(pool, claim.id, 1, b'{"type":"system"}\n\x1b[2Jraw\n')
    result = TaskResult.model_validate({"task_id": claim.id, "status": status, "output": {"labels": ["bug"]}})
    assert await agent_ledger.finish(pool, claim.id, 1, result)


def test_task_goes_from_enqueue_to_prune(run: Run, database_url: str) -> None:
    """A task is enqueued, listed, followed, shown with its transcript, retried, cancelled and pruned."""
    task = enqueued(run)
    assert task in run("tasks", "--state", "queued").output
    apart(database_url, end)
    followed = run("tail", task)
    assert followed.exit_code == 0
    assert "hello" in followed.output
    assert "\x1b[2J" not in followed.output
    shown = json.loads(run("show", task, "--events", "--json").output)
    assert shown["result"]["output"] == {"labels": ["bug"]}
    assert [event["body"]["kind"] for event in shown["events"]] == ["queued", "text", "finished"]
    assert "raw" in (transcript := run("show", task, "--transcript").output)
    assert "\x1b" not in transcript
    again = json.loads(run("retry", task, "--json").output)
    assert again["parent_id"] == task
    assert json.loads(run("cancel", again["id"], "--json").output)["outcome"] == "cancelled"
    assert run("cancel", again["id"]).exit_code == 1
    assert json.loads(run("prune", "--older-than", "1h", "--json").output) == {"tasks": 0, "blobs": 0}


def test_waiting_exits_by_the_result(run: Run, database_url: str) -> None:
    """`tail` of a task that failed exits 1."""
    task = enqueued(run)
    apart(database_url, lambda pool: end(pool, "failed"))
    assert run("tail", task).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["enqueue", "nonsense", "-i", INPUT], "skill nonsense is unknown"),
        (["enqueue", "issue-triage", "-i", "@/nowhere"], "/nowhere"),
        (["enqueue", "Not A Skill", "-i", "x"], "skill:"),
        (["show", str(uuid.UUID(int=1))], "there is no task"),
        (["prune", "--older-than", "soon"], "as in 30d"),
        (["skills", "check", "/nowhere"], "/nowhere is not a folder"),
        (["triggers", "test", "/nowhere"], "/nowhere"),
        (["worker"], "REDIS_URL"),
    ],
)
def test_wrong_use_exits_2_with_one_line(run: Run, arguments: list[str], said: str) -> None:
    """What the caller or operator must mend is one line on standard error and exit status 2."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_a_door_nothing_is_submitted(run: Run, access: Path) -> None:
    """An access file without `cli` opens nothing to the command line, and the error says so."""
    access.write_text("{}")
    result = run("enqueue", "issue-triage", "-i", INPUT)
    assert result.exit_code == 2
    assert "has no entry `cli`" in result.stderr


def test_retry_goes_through_the_door_as_it_is_now(run: Run, access: Path, database_url: str) -> None:
    """A skill or entry that access.yaml has closed since is not opened again by an old task."""
    task = enqueued(run)
    apart(database_url, end)
    access.write_text(yaml.safe_dump({"cli": {"skills": ["another"], "vendors": OPEN}}))
    result = run("retry", task)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "skill issue-triage is not open at cli" in result.stderr
    access.write_text("{}")
    assert "has no entry `cli`" in run("retry", task).stderr


def test_check_says_what_is_wrong(run: Run, tmp_path: Path) -> None:
    """`skills check` exits 1 and names what is wrong; the shipped skills pass."""
    write_skill(tmp_path / "skills", model="sonnet")
    result = run("skills", "check", str(tmp_path / "skills"))
    assert result.exit_code == 1
    assert "has no known price" in result.output
    assert run("skills", "check").exit_code == 0
    assert "issue-triage" in run("skills", "list").output


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (['{"a": 1}'], {"a": 1}),
        (["a=1", "b=x y", "c=[1]"], {"a": 1, "b": "x y", "c": [1]}),
        (["plain words"], "plain words"),
        (["[1, 2]"], "[1, 2]"),
        (["a=b=c"], {"a": "b=c"}),
    ],
)
def test_input_is_read_in_every_form(given: list[str], read: Any) -> None:
    """Input is JSON, pairs or text."""
    assert read_input(given) == read


def test_input_comes_from_a_file(tmp_path: Path) -> None:
    """Input is read from a file with @, and forms are not mixed."""
    (tmp_path / "input.json").write_text('{"a": 1}')
    assert read_input([f"@{tmp_path}/input.json"]) == {"a": 1}
    with pytest.raises(UsageError, match="is not key=value"):
        read_input(["a=1", '{"b": 1}'])
