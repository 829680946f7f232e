"""The command line: what each command prints and how it exits."""

import io
import json
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import agent_ledger
import pytest
from agent_contracts import TaskState
from agent_engine.cli.app import app
from agent_engine.cli.console import as_typed
from agent_engine.render import tasks_view
from agent_ledger import TaskView
from core.agent_engine.commands import INPUT, Run, apart, enqueued
from core.agent_engine.skill_folder import write_skill
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner


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
        (["enqueue", "issue-triage", "-i", "x", "--resource", "github.repositories="], "--resource '': "),
        (
            ["enqueue", "issue-triage", "-i", "x", "--resource", "octocat/x"],
            "--resource 'octocat/x' is not VENDOR.KIND",
        ),
        (["enqueue", "issue-triage", "-i", "x", "--model", "a b"], "--model 'a b': "),
        (["enqueue", "issue-triage", "-i", "x", "--dedupe-key", ""], "--dedupe-key '': "),
        (["enqueue", "issue-triage", "-i", "x", "--max-attempts", "0"], "'--max-attempts': "),
        (["enqueue", "issue-triage", "-i", "x", "--id", "7"], "'--id': "),
        (["enqueue", "issue-triage", "-i", "x\x00"], "this is no task: input holds a NUL"),
        (["tasks", "--state", "foo"], "'--state': 'foo' is not one of"),
        (["show"], "see `agent-engine show --help`"),
        (["show", str(uuid.UUID(int=1))], "there is no task"),
        (["prune", "--older-than", "soon"], "as in 30d"),
        (["prune", "--older-than", "23h"], "give --yes if that is meant"),
        (["skills", "check", "/nowhere"], "/nowhere is not a folder"),
        (["triggers", "test", "/nowhere", "--event", "issues"], "error: /nowhere: no such file"),
        (["worker"], "REDIS_URL"),
        (["taks"], "error: no such command 'taks'. Did you mean 'tasks'? See `agent-engine --help`"),
        (["proposals", "lst"], "See `agent-engine proposals --help`"),
        (["--nope"], "error: no such option: --nope: see `agent-engine --help`"),
        (["tasks", "--nope"], "see `agent-engine tasks --help`"),
        (["x" * 9999], "see `agent-engine --help`"),
        (["x " * 9999], "see `agent-engine --help`"),
        (["prune", "--older-than", "x" * 9999], "as in 30d"),
        (["tasks", "--state", "x" * 9999], "is not one of"),
        (
            ["enqueue", "issue-triage", "-i", "a=1", "-i", "x " * 9999],
            "is not key=value, and several --input must all be",
        ),
        (["enqueue", "issue-triage", "-i", "@" + "x " * 9999], "file name too long"),
    ],
)
def test_wrong_use_exits_2_with_one_line(run: Run, arguments: list[str], said: str) -> None:
    """What the caller or operator must mend is one line on standard error and exit status 2."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Value error" not in result.stderr
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) < 2000


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    """Who names no command is shown all of them."""
    assert "Commands:" in run().output


def test_without_a_door_nothing_is_submitted(run: Run, access: Path) -> None:
    """An access file without `cli` opens nothing to the command line, and the error says so."""
    access.write_text("{}")
    result = run("enqueue", "issue-triage", "-i", INPUT)
    assert result.exit_code == 2
    assert "has no entry `cli`" in result.stderr


@pytest.mark.slow
def test_check_says_what_is_wrong(run: Run, tmp_path: Path) -> None:
    """`skills check` exits 1 and names what is wrong; the shipped skills pass."""
    write_skill(tmp_path / "skills", model="sonnet")
    result = run("skills", "check", str(tmp_path / "skills"))
    assert result.exit_code == 1
    assert "has no known price" in result.output
    assert run("skills", "check").exit_code == 0
    assert "issue-triage" in run("skills", "list").output


@pytest.mark.slow
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


def helps(command: Any, line: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Give the line of every command that has a help."""
    yield line
    for name, one in getattr(command, "commands", {}).items():
        yield from helps(one, (*line, name))


@pytest.mark.parametrize("line", list(helps(get_command(app))), ids=" ".join)
def test_help_fits_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...]) -> None:
    """No summary is cut, no line is longer, and an option's value is named by what it means."""
    monkeypatch.setenv("COLUMNS", "80")
    _, *lines = CliRunner().invoke(app, [*line, "--help"]).output.splitlines()
    assert len(lines) > 5
    assert [one for one in lines if one.endswith("...") or len(one) > 80 or re.match(r"\s+-.*<\w", one)] == []


def test_run_and_enqueue_take_the_same_options(run: Run) -> None:
    """What a task may say is said alike to both commands."""
    own = {"enqueue": {"--wait"}, "run": {"--thinking"}}
    options = {name: set(re.findall(r"--[a-z-]+", run(name, "--help").output)) - own[name] for name in own}
    assert options["enqueue"] == options["run"] > {"--input-text", "--budget-usd", "--reply-stream"}


def test_a_key_that_is_unknown_is_told_beside_the_one_that_is_missing(run: Run) -> None:
    """A newcomer's `repo` is told at once as the `repository` that is missing."""
    assert run("skills", "register").exit_code == 0
    result = run("enqueue", "issue-triage", "-i", "repo=octocat/hello-world", "-i", "issue=1")
    assert result.exit_code == 2
    assert '"repository" is missing, "repo" is unknown: did you mean repository?' in result.stderr


@pytest.mark.parametrize(
    ("repository", "issue", "said"),
    [
        ("octocat/hello-world", "none", 'does not fit skill issue-triage: issue: "none" is not of type "integer"'),
        ("octocat/hello-world", "1.0", "input.issue is 1.0: give text or a whole number, as in 1 for 1.0"),
        (
            "octocat/hello-world",
            "9" * 26,
            "issue: 99999999999999999999999999 is greater than the maximum of 2147483647",
        ),
        ("../..", "1", 'does not fit skill issue-triage: repository: "../.." is not owner/name'),
        ("octocat/..", "1", 'does not fit skill issue-triage: repository: "octocat/.." is not owner/name'),
    ],
)
def test_input_that_does_not_fit_the_skill_is_refused(run: Run, repository: str, issue: str, said: str) -> None:
    """What the skill's input schema forbids makes no task, and the one line names it."""
    assert run("skills", "register").exit_code == 0
    result = run("enqueue", "issue-triage", "-i", f"repository={repository}", "-i", f"issue={issue}")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert said in result.stderr
    assert run("tasks", "--json").output == ""


def test_ids_are_never_cut(run: Run, database_url: str) -> None:
    """An id stands whole on its line, whatever stands beside it; in a pipe nothing else is cut or folded either."""
    assert run("skills", "register").exit_code == 0
    owner, name = "o" * 60, "n" * 100
    task = run("enqueue", "issue-triage", "-i", f"repository={owner}/{name}", "-i", "issue=1").output.strip()
    (line,) = (line for line in run("tasks").output.splitlines() if line.startswith(task))
    assert re.search(f"queued +issue-triage +0/3 +cli +.* issue:{owner[:53]}…", line)
    assert task in "".join(printed(apart(database_url, agent_ledger.list_tasks), 40))


def printed(views: Sequence[TaskView], width: int) -> list[str]:
    """Print tasks as on a terminal of that width; give its lines."""
    narrow = io.StringIO()
    Console(width=width, file=narrow).print(tasks_view(views, width))
    return narrow.getvalue().splitlines()


def cells(line: str) -> list[str]:
    """Give what stands in a line of a table."""
    return re.split("  +", line.strip())


@pytest.mark.slow
def test_narrow_terminals_get_fewer_columns(run: Run, database_url: str) -> None:
    """What is shown of a task stands whole on its one line; what is least asked for is left out."""
    task = enqueued(run)
    (queued,) = apart(database_url, agent_ledger.list_tasks)
    views = [queued, replace(queued, state=TaskState.failed, reason="mcp_down", skill="a" * 30)]
    whole = [cells(line) for line in printed(views, 300)]
    seen = []
    for width in (*range(60, 160), 299):
        lines = [cells(line) for line in printed(views, width)]
        seen.append(lines[0])
        places = [whole[0].index(name) for name in lines[0]]
        assert lines == [[line[place] for place in places] for line in whole]
    assert seen[0] == ["task", "state"]
    assert seen[-1] == ["task", "state", "skill", "attempt", "door", "created", "key"]
    assert cells(printed([queued], 80)[1]) == [task, "queued", "issue-triage", "0/3", "cli"]


def test_options_reach_the_task(run: Run) -> None:
    """Every option becomes the task's field."""
    assert run("skills", "register").exit_code == 0
    given = ["--budget-usd", "0.1", "--max-attempts", "2", "--priority", "high"]
    given += [
        "--resource",
        "github.repositories=octocat/hello-world",
        "--resource",
        "github.repositories=octocat/other",
    ]
    asked = run("enqueue", "issue-triage", "-i", INPUT, *given, "--reply-stream", "mine", "--json")
    task = json.loads(run("show", json.loads(asked.output)["id"], "--json").output)["task"]["task"]
    assert task["resources"] == {"github": {"repositories": ["octocat/hello-world", "octocat/other"]}}
    assert (task["budget"], task["retry"], task["priority"]) == ({"usd": "0.1"}, {"max_attempts": 2}, "high")
    assert task["reply_to"] == {"stream": "mine"}


def test_hints_are_written_as_commands_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever starts the command line says how by a variable, which is read with each hint."""
    hint = "see `agent-engine doctor` and `agent-stores url`"
    assert as_typed(hint) == hint
    monkeypatch.setenv("AGENT_ENGINE_TYPED_AS", "scripts/engine")
    assert as_typed(hint) == "see `scripts/engine doctor` and `.venv/bin/agent-stores url`"
