"""`agent-engine proposals`: what it prints, what it asks, and who may decide by it."""

import asyncio
import json
import os
import pty
import re
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import UUID

import agent_effects
import asyncpg
import pytest
import yaml
from agent_contracts import Actor
from agent_engine.cli import proposals
from agent_engine.cli.app import app
from agent_stores.pool import open_pool
from fixtures.proposals import SHOWN, digest, proposed
from typer.testing import CliRunner, Result

Run = Callable[..., Result]
Propose = Callable[..., UUID]
OPERATOR = Actor(kind="person", id="operator")
HASH = digest(SHOWN)


@pytest.fixture
def access(tmp_path: Path) -> Path:
    """An access file whose command line approves the skill's proposals."""
    path = tmp_path / "access.yaml"
    path.write_text(yaml.safe_dump({"cli": _door(approves=["commenter"])}))
    return path


@pytest.fixture
def run(database_url: str, access: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a `proposals` command."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ACCESS_FILE", str(access))
    runner = CliRunner()

    def invoke(*arguments: str, typed: str | None = None) -> Result:
        result = runner.invoke(app, ["proposals", *arguments], input=typed)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


@pytest.fixture
def propose(database_url: str) -> Propose:
    """Stores proposals."""

    async def work(call: Callable[[asyncpg.Pool], Coroutine[Any, Any, UUID]]) -> UUID:
        pool = await open_pool(database_url, size=2, application="tests")
        try:
            return await call(pool)
        finally:
            await pool.close()

    return lambda **how: asyncio.run(work(lambda pool: proposed(pool, **how)))


def _door(**more: Any) -> dict[str, Any]:
    return {"tenant": "acme", "skills": ["*"], "actor": OPERATOR.model_dump(), **more}


def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command believe that a person sits there."""
    monkeypatch.setattr(proposals, "at_a_terminal", lambda: True)


def test_what_waits_is_listed_shown_and_approved_by_its_hash(run: Run, propose: Propose) -> None:
    """The hash that is shown is the one that approves; who decided and why is kept."""
    id_ = propose()
    (listed,) = [json.loads(line) for line in run("list", "--state", "proposed", "--json").stdout.splitlines()]
    assert (listed["id"], listed["author"], listed["state"]) == (str(id_), "person:bob", "proposed")
    assert str(id_) in run("list").stdout
    shown = run("show", str(id_)).stdout
    for part in (str(id_), "proposed", "octocat/hello-world#1", "commenter", "person:bob", "+ hello", HASH):
        assert part in shown
    done = run("approve", str(id_), "--sha256", HASH, "--reason", "fine", "--json")
    assert done.exit_code == 0, done.output
    approved = json.loads(done.stdout)
    assert [approved[name] for name in ("state", "decided_by", "reason")] == ["approved", "person:operator", "fine"]
    assert run("list", "--state", "proposed", "--json").stdout == ""


def test_what_cannot_be_sent_yet_says_why(run: Run, propose: Propose, database_url: str) -> None:
    """An approved proposal that waits shows what stands against it, how often it was tried, and the next time."""

    async def put_off() -> None:
        pool = await open_pool(database_url, size=1, application="tests")
        try:
            for _ in range(2):
                await agent_effects.defer(pool, id_, delay="upstream_open: left alone \x1b[2J for a moment")
        finally:
            await pool.close()

    id_ = propose()
    assert "not sent" not in run("show", str(id_)).stdout
    run("approve", str(id_), "--sha256", HASH)
    asyncio.run(put_off())
    shown = run("show", str(id_)).stdout
    assert "not sent   upstream_open: left alone" in shown
    assert "(tried 2 times, again at " in shown
    assert "\x1b" not in shown
    told = json.loads(run("show", str(id_), "--json").stdout)
    assert (told["tries"], told["delay"].partition(":")[0]) == (2, "upstream_open")


def test_what_is_shown_cannot_act_on_the_terminal(run: Run, propose: Propose) -> None:
    """Escape sequences and markup come out as text."""
    id_ = propose(shown="body:\n+ \x1b[2J\x1b]0;x\x07[red]hi[/red]\u202e\n")
    shown = run("show", str(id_)).stdout
    assert "+ [red]hi[/red]\n" in shown
    assert not set(shown) & set("\x1b\x07\u202e")


def test_without_a_terminal_the_hash_is_demanded(run: Run, propose: Propose) -> None:
    """A program names what it decides on."""
    id_ = propose()
    result = run("approve", str(id_), typed="y\n")
    assert result.exit_code == 2
    assert f"`agent-engine proposals show {id_}` prints the hash" in result.stderr
    assert json.loads(run("show", str(id_), "--json").stdout)["state"] == "proposed"


@pytest.mark.parametrize(("typed", "state"), [("y\n", "approved"), ("n\n", "proposed"), ("\n", "proposed")])
def test_a_person_at_a_terminal_is_shown_and_asked(
    run: Run, propose: Propose, monkeypatch: pytest.MonkeyPatch, typed: str, state: str
) -> None:
    """Only a yes approves, and it approves what was shown above it."""
    id_ = propose()
    _terminal(monkeypatch)
    result = run("approve", str(id_), typed=typed)
    assert result.exit_code == 0
    assert result.stdout.index("+ hello") < result.stdout.index("approve it as shown?")
    assert json.loads(run("show", str(id_), "--json").stdout)["state"] == state


@pytest.mark.slow
def test_ctrl_c_at_the_question_decides_nothing(run: Run, propose: Propose) -> None:
    """Typed at a terminal of its own, it ends the command at once."""
    id_ = propose()
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever started the tests may ignore it
        os.execv(sys.executable, [sys.executable, "-m", "agent_engine", "proposals", "approve", str(id_)])
    said = b""
    try:
        while b"[y/N]" not in said:
            said += os.read(terminal, 4096)
        ended, status = 0, 0
        while not ended:  # as a person does: what is pressed between the question and the wait for its answer is lost
            os.write(terminal, b"\x03")
            time.sleep(0.2)
            ended, status = os.waitpid(pid, os.WNOHANG)
    finally:
        os.close(terminal)
    assert os.waitstatus_to_exitcode(status) in (130, -signal.SIGINT)  # the latter where it was ending already
    assert json.loads(run("show", str(id_), "--json").stdout)["state"] == "proposed"


def test_a_denial_is_kept_with_its_reason(run: Run, propose: Propose) -> None:
    """It is never sent, and cannot be approved any more."""
    id_ = propose(status=None)
    assert run("deny", str(id_), "--sha256", HASH, "--reason", "not now").exit_code == 0
    shown = run("show", str(id_)).stdout
    assert shown.count("not now") == 1
    assert re.search(r"^decided +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ by person:operator$", shown, re.MULTILINE)
    again = run("approve", str(id_), "--sha256", HASH)
    assert again.exit_code == 2
    assert "is denied by person:operator already" in again.stderr


@pytest.mark.parametrize(
    ("how", "sha256", "part"),
    [
        ({}, "0" * 64, "`agent-engine proposals show` it again"),
        ({"actor": OPERATOR}, HASH, "somebody else decides"),
        ({"status": None}, HASH, "wait for its verdict"),
        (
            {"tenant": "globex"},
            HASH,
            "is of tenant globex, and the command line's door of tenant acme: decide through",
        ),
    ],
)
def test_what_stands_against_an_approval_is_one_line(
    run: Run, propose: Propose, how: dict[str, Any], sha256: str, part: str
) -> None:
    """Another hash, an own task, a running one, another tenant: each says so and what to do."""
    id_ = propose(**how)
    result = run("approve", str(id_), "--sha256", sha256)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert part in result.stderr


@pytest.mark.parametrize("approves", [[], ["another"]])
def test_a_door_that_does_not_approve_the_skill_is_named(
    run: Run, propose: Propose, access: Path, approves: list[str]
) -> None:
    """The remedy is a line of access.yaml."""
    access.write_text(yaml.safe_dump({"cli": _door(approves=approves)}))
    result = run("approve", str(propose()), "--sha256", HASH)
    assert result.exit_code == 2
    assert "does not decide on what commenter proposes: name the skill under `approves` of `cli`" in result.stderr


def test_an_unknown_state_is_named(run: Run) -> None:
    """With those that there are."""
    result = run("list", "--state", "later")
    assert result.exit_code == 2
    assert "--state 'later' is none: give one of proposed, approved" in result.stderr
