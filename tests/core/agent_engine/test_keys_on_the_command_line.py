"""`agent-engine keys`: what it prints, and how it exits where it may not."""

import json
from pathlib import Path

import pytest
from agent_engine.cli.app import app
from service_kit.keys import read_public, write_keys
from typer.testing import CliRunner, Result


@pytest.fixture
def public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a key pair that the environment names, and give the public file."""
    private, public = tmp_path / "key.json", tmp_path / "jwks.json"
    write_keys(private, public)
    monkeypatch.setenv("AGENT_SIGNING_KEY_FILE", str(private))
    monkeypatch.setenv("AGENT_JWKS_FILE", str(public))
    return public


def run(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, ["keys", *arguments])


def test_keys_turn_by_three_commands(public: Path) -> None:
    """Each says which key signs and which is accepted; the next command is named."""
    (first,) = read_public(public)
    turned = run("rotate")
    second = next(iter(set(read_public(public)) - {first}))
    assert turned.exit_code == 0
    assert f"{second} signs from now on" in turned.output
    assert f"agent-engine keys retire {first}" in " ".join(turned.output.split())
    listed = [json.loads(line) for line in run("list", "--json").output.splitlines()]
    assert {one["kid"]: one["signs"] for one in listed} == {first: False, second: True}
    assert run("retire", first).exit_code == 0
    assert list(read_public(public)) == [second]


def test_what_may_not_be_done_is_one_line(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No private part is ever printed, and each refusal says what to do."""
    (kid,) = read_public(public)
    secret = json.loads(public.with_name("key.json").read_text())["d"]
    refused = run("retire", kid)
    assert (refused.exit_code, "keys rotate" in refused.output) == (2, True)
    assert run("retire", "\x1b[31mx").output.count("\x1b") == 0
    assert secret not in run("rotate").output + run("list", "--json").output + run("rotate").output
    assert "retire" in run("rotate").output
    monkeypatch.delenv("AGENT_JWKS_FILE")
    missing = run("list")
    assert (missing.exit_code, "AGENT_JWKS_FILE is not set" in missing.output) == (2, True)


def test_a_key_that_is_not_public_is_told(public: Path) -> None:
    """With an old key put back, `list` says so and fails; `rotate` mends it and says what becomes of the old one."""
    private = public.with_name("key.json")
    old = private.read_text()
    write_keys(private, public)
    private.write_text(old)
    listed = run("list")
    assert (listed.exit_code, "is not public" in listed.output, "signs\n" in listed.output) == (2, True, False)
    turned = run("rotate")
    assert (turned.exit_code, "was not public and is still refused" in turned.output) == (0, True)
    assert run("list").exit_code == 0
