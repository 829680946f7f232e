"""`agent-engine keys`: what it prints, and how it exits where it may not."""

import json
from pathlib import Path

import pytest
from agent_engine.cli.app import app
from service_kit.keys import KeyPair, write_keys
from typer.testing import CliRunner, Result


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyPair:
    """Make a key pair that the environment names."""
    made = KeyPair(tmp_path / "key.json", tmp_path / "jwks.json")
    write_keys(made.private_path, made.jwks_path)
    monkeypatch.setenv("AGENT_SIGNING_KEY_FILE", str(made.private_path))
    monkeypatch.setenv("AGENT_JWKS_FILE", str(made.jwks_path))
    return made


def run(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, ["keys", *arguments])


def test_keys_turn_by_three_commands(pair: KeyPair) -> None:
    """Each says which key signs and which is accepted; the next command is named."""
    (first,) = pair.kids()
    turned = run("rotate")
    second = list(pair.kids())[1]
    assert turned.exit_code == 0
    assert f"{second}  signs" in turned.output
    assert f"agent-engine keys retire {first}" in " ".join(turned.output.split())
    listed = [json.loads(line) for line in run("list", "--json").output.splitlines()]
    assert listed == [{"kid": first, "state": "accepted"}, {"kid": second, "state": "signs"}]
    assert run("retire", first).exit_code == 0
    assert list(pair.kids()) == [second]


def test_what_may_not_be_done_is_one_line(pair: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    """No private part is ever printed, and each refusal says what to do."""
    (kid,) = pair.kids()
    secret = json.loads(pair.private_path.read_text())["d"]
    refused = run("retire", kid)
    assert (refused.exit_code, "rotate first" in refused.output) == (2, True)
    assert run("retire", "\x1b[31mx").output.count("\x1b") == 0
    assert secret not in run("rotate").output + run("list", "--json").output + run("rotate").output
    assert "retire" in run("rotate").output
    monkeypatch.delenv("AGENT_JWKS_FILE")
    missing = run("list")
    assert (missing.exit_code, "AGENT_JWKS_FILE is not set" in missing.output) == (2, True)
