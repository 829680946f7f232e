"""A task's life by commands: enqueued, followed, retried, cancelled, pruned."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from subprocess import PIPE
from uuid import UUID

import agent_ledger
import asyncpg
import pytest
import yaml
from agent_engine.cli import queue_diagnostics
from core.agent_engine.commands import INPUT, Run, apart, end, enqueued
from core.agent_engine.worker_place import OPEN

INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from agent_engine.__main__ import main
main()
"""
"""The command line as a terminal starts it, whatever started the tests."""


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
    assert "raw" in (raw := run("show", task, "--transcript", "--raw").output)
    assert "\x1b" not in raw
    assert "the agent says\n    hello" in run("show", task, "--transcript").output
    assert datetime.fromisoformat(shown["task"]["created_at"]).tzinfo is not None
    assert "T" in shown["task"]["created_at"]
    again = json.loads(run("retry", task, "--json").output)
    assert again["parent_id"] == task
    assert json.loads(run("cancel", again["id"], "--json").output)["outcome"] == "cancelled"
    assert run("cancel", again["id"]).exit_code == 1
    nothing = dict.fromkeys(("tasks", "blobs", "effects", "spend", "tool_calls", "totals"), 0)
    pruned = run("prune", "--older-than", "1h", "--yes", "--json").output
    assert json.loads(pruned) == {**nothing, "dry_run": False}
    would = run("prune", "--older-than", "0d", "--dry-run", "--json").output
    assert json.loads(would) == {**nothing, "tasks": 2, "blobs": 1, "dry_run": True}
    refused = run("prune", "--older-than", "0d")
    assert refused.exit_code == 2
    assert "give --yes if that is meant" in refused.stderr
    assert task in run("tasks").output
    assert run("prune", "--older-than", "1d").output.startswith("deleted 0 tasks")


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "left"), [("n", 1), ("y", 0)])
def test_prune_asks_on_a_terminal(run: Run, database_url: str, answer: str, left: int) -> None:
    """A person is asked before anything goes, and only a yes deletes."""
    task = enqueued(run)
    run("cancel", task)
    ours, theirs = os.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        ended = subprocess.run(
            [sys.executable, "-m", "agent_engine", "prune", "--older-than", "0d"],
            env=os.environ | {"DATABASE_URL": database_url},
            stdin=theirs,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert "Delete every task of every tenant that ended 0d ago" in ended.stderr
    assert ended.returncode == (2 if left else 0)
    assert (task in run("tasks").output) == bool(left)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cancel", str(UUID(int=7))], "there is no task 00000000-0000-0000-0000-000000000007"),
        (["show", str(UUID(int=7)), "--attempt", "2"], "give --transcript too"),
        (["show", str(UUID(int=7)), "--transcript", "--json"], "leave --events and --json out"),
        (["prune", "--older-than", "999999999999d"], "'999999999999d' is none: give up to five digits"),
    ],
)
def test_wrong_use_is_one_line(run: Run, arguments: list[str], says: str) -> None:
    """What cannot be done as asked says what to do."""
    result = run(*arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert says in result.stderr


def test_waiting_exits_by_the_result(run: Run, database_url: str) -> None:
    """`tail` of a task that failed exits 1."""
    task = enqueued(run)
    apart(database_url, lambda pool: end(pool, "failed"))
    assert run("tail", task).exit_code == 1


@pytest.mark.slow
def test_show_says_what_a_queued_task_waits_for(run: Run, database_url: str) -> None:
    """What `tail` says of a task that nobody takes, `show` says too, and nothing of one that has ended."""
    task = enqueued(run)
    assert "no worker is alive: start one" in " ".join(run("show", task).output.split())
    assert "no worker is alive: start one" in json.loads(run("show", task, "--json").output)["waits_for"]
    apart(database_url, end)
    assert "no worker" not in run("show", task).output
    assert json.loads(run("show", task, "--json").output)["waits_for"] is None


@pytest.mark.slow
@pytest.mark.parametrize("line", ["tasks >&-", "show TASK | true", "tail TASK | true"])
def test_nobody_reads(run: Run, database_url: str, line: str) -> None:
    """Every command ends alike, without a word, where its output is closed or its reader has gone; `tail` at once."""
    line = f"set -o pipefail; {sys.executable} -m agent_engine {line.replace('TASK', enqueued(run))}"
    ended = subprocess.run(
        ["bash", "-c", line],
        env=os.environ | {"DATABASE_URL": database_url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("command", [("run", "issue-triage", "-i", INPUT), ("tail", "TASK")])
def test_ctrl_c_says_that_the_task_goes_on(run: Run, database_url: str, command: tuple[str, ...]) -> None:
    """Whoever stops watching is told the task's id and how to follow or cancel it; the task itself stays."""
    task = enqueued(run)
    arguments = [task if part == "TASK" else part for part in command]
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, *arguments], env=os.environ, stdout=PIPE, stderr=PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        while "queued" not in said:
            said += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    watched = said.split()[1] if command[0] == "run" else task
    assert process.returncode == 130
    assert told.endswith(
        f"interrupted: task {watched} goes on: `agent-engine tail {watched}` follows it, "
        f"`agent-engine cancel {watched}` ends it\n"
    )
    assert run("cancel", watched).output == "cancelled\n"


def test_run_says_what_it_waits_for(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While no worker takes the task, `run` says so on standard error and goes on waiting for its end."""
    assert run("skills", "register").exit_code == 0
    monkeypatch.setattr(queue_diagnostics, "PATIENCE_SECONDS", 0.05)

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
