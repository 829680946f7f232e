"""The command line: what each command prints and how it exits."""

import asyncio
import json
import re
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
from agent_engine.cli import waiting
from agent_engine.cli.app import app
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
        (["enqueue", "issue-triage", "-i", "@/nowhere"], "--input @/nowhere: no such file"),
        (["enqueue", "issue-triage"], "has no input"),
        (["enqueue", "issue-triage", "-i", "{bad"], "use --input-text"),
        (["enqueue", "Not A Skill", "-i", "x"], "SKILL 'Not A Skill': "),
        (["enqueue", "issue-triage", "-i", "x", "--budget-usd", "inf"], "--budget-usd 'inf': Input should be"),
        (["run", "issue-triage", "-i", "x", "--budget-usd", "nan"], "--budget-usd 'nan': Input should be"),
        (["run", "issue-triage", "-i", "x", "--budget-usd", "-1"], "--budget-usd '-1': Input should be"),
        (["enqueue", "issue-triage", "-i", "x", "--budget-usd", "10001"], "--budget-usd '10001': Input should be"),
        (["enqueue", "issue-triage", "-i", "x", "--reply-stream", "a b"], "--reply-stream 'a b': "),
        (["enqueue", "issue-triage", "-i", "x", "--repository", ""], "--repository '': "),
        (["enqueue", "issue-triage", "-i", "x", "--model", "a b"], "--model 'a b': "),
        (["enqueue", "issue-triage", "-i", "x", "--dedupe-key", ""], "--dedupe-key '': "),
        (["enqueue", "issue-triage", "-i", "x", "--max-attempts", "0"], "'--max-attempts': "),
        (["enqueue", "issue-triage", "-i", "x", "--id", "7"], "'--id': "),
        (["enqueue", "issue-triage", "-i", "x\x00"], "this is no task: input holds a NUL"),
        (["tasks", "--state", "foo"], "'--state': 'foo' is not one of"),
        (["show"], "see `agent-engine show --help`"),
        (["show", str(uuid.UUID(int=1))], "there is no task"),
        (["prune", "--older-than", "soon"], "as in 30d"),
        (["skills", "check", "/nowhere"], "/nowhere is not a folder"),
        (["triggers", "test", "/nowhere"], "error: /nowhere: no such file"),
        (["worker"], "REDIS_URL"),
    ],
)
def test_wrong_use_exits_2_with_one_line(run: Run, arguments: list[str], said: str) -> None:
    """What the caller or operator must mend is one line on standard error and exit status 2."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Value error" not in result.stderr
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


def test_check_goes_through_every_folder(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is missing, an unreadable skill and a name used twice hide nothing of what comes after them."""
    (tmp_path / "a" / "empty").mkdir(parents=True)
    (tmp_path / "a" / ".git").mkdir()
    (tmp_path / "a" / "broken").mkdir()
    (tmp_path / "a" / "broken" / "SKILL.md").write_text("no front matter")
    write_skill(tmp_path / "a", model="sonnet")
    write_skill(tmp_path / "b")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SKILLS_PATH", f"missing:{tmp_path}/a:b")
    result = run("skills", "check")
    assert result.exit_code == 2
    assert result.stderr == f"error: missing (relative, so looked for in {tmp_path}) is not a folder\n"
    for said in ("empty: skipped: it holds no SKILL.md", "does not start with front matter", "has no known price"):
        assert said in result.output
    assert f"a skill of the name 'look' is in {tmp_path}/a/look, too" in result.output
    assert ".git" not in result.output
    documents = [json.loads(line) for line in run("skills", "check", "a", "--json").output.splitlines()]
    assert {one["skill"]: len(one["problems"]) for one in documents} == {"empty": 0, "broken": 1, "look": 1}


def test_retry_says_what_became_of_it(run: Run, database_url: str) -> None:
    """People read that the task is queued again, or which one is under way instead."""
    assert run("skills", "register").exit_code == 0
    ask = ("enqueue", "issue-triage", "-i", INPUT, "--dedupe-key", "k")
    first = run(*ask).output.strip()
    apart(database_url, end)
    second = run(*ask).output.strip()
    assert run("retry", first).output == f"nothing queued: task {second} is under way and has the same dedupe key\n"
    assert run("cancel", second).exit_code == 0
    again = run("retry", first).output
    assert again.startswith("queued again as task ")
    assert run("show", again.split()[-1]).exit_code == 0


def test_run_and_enqueue_take_the_same_options(run: Run) -> None:
    """What a task may say is said alike to both commands."""
    own = {"enqueue": {"--wait"}, "run": {"--thinking"}}
    options = {name: set(re.findall(r"--[a-z-]+", run(name, "--help").output)) - own[name] for name in own}
    assert options["enqueue"] == options["run"] > {"--input-text", "--budget-usd", "--reply-stream"}


def test_input_that_does_not_fit_the_skill_is_refused(run: Run) -> None:
    """What the skill's input schema forbids makes no task, and the one line names it."""
    assert run("skills", "register").exit_code == 0
    result = run("enqueue", "issue-triage", "-i", "repository=octocat/hello-world", "-i", "issue=none")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "the input does not fit skill issue-triage: issue: 'none'" in result.stderr


def test_options_reach_the_task(run: Run) -> None:
    """Every option becomes the task's field."""
    assert run("skills", "register").exit_code == 0
    given = ["--repository", "octocat/hello-world", "--budget-usd", "0.1", "--max-attempts", "2", "--priority", "high"]
    asked = run("enqueue", "issue-triage", "-i", INPUT, *given, "--reply-stream", "mine", "--json")
    task = json.loads(run("show", json.loads(asked.output)["id"], "--json").output)["task"]["task"]
    assert task["resources"] == {"github": {"repositories": ["octocat/hello-world"]}}
    assert (task["budget"], task["retry"], task["priority"]) == ({"usd": "0.1"}, {"max_attempts": 2}, "high")
    assert task["reply_to"] == {"stream": "mine"}


def test_run_says_what_it_waits_for(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While no worker takes the task, `run` says so on standard error and goes on waiting for its end."""
    assert run("skills", "register").exit_code == 0
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.05)

    async def cancel_later(pool: asyncpg.Pool) -> None:
        while not (tasks := await agent_ledger.list_tasks(pool)):
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        await agent_ledger.cancel(pool, tasks[0].id, tenant=None, by="tests")

    with ThreadPoolExecutor(1) as thread:
        cancelled = thread.submit(apart, database_url, cancel_later)
        result = run("run", "issue-triage", "-i", INPUT)
        cancelled.result()
    assert result.exit_code == 1
    assert result.stderr.count("waiting: no worker has taken the task yet") == 1
    assert "cancelled" in result.stdout
