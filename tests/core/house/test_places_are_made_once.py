"""The folder of a house: what `init` makes, keeps and protects."""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from control_api.proposals.policy import Policy, read_policy
from house import commands, kept_settings
from house.access import unknown_tokens
from house.lifecycle import House
from house.paths import HousePaths
from service_kit.access import AccessFile
from service_kit.bearer import token_hash
from service_kit.errors import ConfigError
from service_kit.keys import write_keys

NOBODY = 65534


def test_what_exists_is_kept(local: House) -> None:
    """A second `init` changes no key, token or file."""

    def content() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in local.paths.home.rglob("*") if path.is_file()}

    before = content()
    local.init(opened={"github": {"repositories": ["somebody/else"]}})
    assert content() == before


def test_secrets_are_the_owners_alone(local: House) -> None:
    """Nobody but the owner can read a secret; the public keys are public."""
    secrets = local.paths.home / "secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    for path in secrets.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == (0o644 if path.name == "jwks.json" else 0o600), path.name


def test_the_first_access_opens_the_demos_repository_alone(local: House) -> None:
    """Doors and tenant open octocat/hello-world, tokens are kept as hashes, and the file says how to open more."""
    path = local.paths.home / "access.yaml"
    access = AccessFile(path).current()
    doors = [access.streams["agent:tasks"], access.webhooks["github"], access.http["local"], access.cli]
    for entry in (*doors, access.tenants["default"]):
        assert entry is not None
        assert entry.vendors["github"].resources == {"repositories": ["octocat/hello-world"]}
    assert access.services["github-mcp"].opens == {}
    text = path.read_text()
    assert local.paths.secret("control.door") not in text
    assert "To open another repository" in text


def test_the_first_triggers_triage_new_issues(local: House) -> None:
    """Newly opened issues are triaged, within a daily budget."""
    (trigger,) = yaml.safe_load((local.paths.home / "triggers.yaml").read_text())["triggers"]
    assert (trigger["event"], trigger["action"], trigger["skill"]) == ("issues", "opened", "issue-triage")
    assert trigger["daily_budget"] == {"tasks": 200, "usd": 20}


def test_people_decide_every_proposal_at_first(local: House) -> None:
    """The operator at the command line decides, the door of programs does not, and the policy has no rule yet."""
    access = AccessFile(local.paths.home / "access.yaml").current()
    assert access.cli is not None
    assert (access.cli.decider, access.cli.decides("issue-triage")) == ("person:operator", True)
    assert access.http["local"].approves == []
    path = local.paths.home / "proposals.yaml"
    assert read_policy(path) == Policy()
    example = path.read_text().replace("# rules:", "rules:").replace("#   -", "  -").replace("rules: []", "")
    path.write_text(example)
    assert [rule.decide for rule in read_policy(path).rules] == ["approve"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A home that is in the way of a file is told, with the remedy."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="choose another AGENT_BOT_HOME"):
        HousePaths.from_environment({"AGENT_BOT_HOME": str(tmp_path / "file")}).make()


async def test_what_is_somebody_else_s_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A house of another user is named as such in one line, whatever the command."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        home = Path(folder) / "var"
        monkeypatch.setenv("AGENT_BOT_HOME", str(home))
        monkeypatch.setattr(kept_settings, "DOTENV", Path(folder) / ".env")
        await commands.COMMANDS["init"]()
        with _somebody_else(home):
            for name in ("init", "up"):
                with pytest.raises(ConfigError, match=rf"{home}.* may not be used \(Permission denied\): make it this"):
                    await commands.awaited(commands.COMMANDS[name])


@contextmanager
def _somebody_else(home: Path) -> Iterator[None]:
    """Be another user; where that needs rights, have a file that nobody may open."""
    root, file = os.geteuid() == 0, home / "up.lock"
    os.seteuid(NOBODY) if root else file.chmod(0)
    try:
        yield
    finally:
        os.seteuid(0) if root else file.chmod(0o600)


def test_sockets_lie_on_a_short_path_of_their_own(tmp_path: Path) -> None:
    """However long a home's path is, its sockets fit the kernel's limit, and two homes share none."""
    deep = [HousePaths.from_environment({"AGENT_BOT_HOME": str(tmp_path / ("x" * 200) / name)}) for name in ("a", "b")]
    assert len({paths.runtime for paths in deep}) == 2
    for paths in deep:
        assert len(str(paths.runtime / "supervisor.sock.123456")) < 100


@pytest.mark.parametrize(("name", "mode"), [("control.door", 0o644), ("ref.key", 0o604), ("github-mcp.service", 0o660)])
def test_a_secret_open_to_others_is_refused(paths: HousePaths, name: str, mode: int) -> None:
    """It is named with the command that closes it; a group may read it."""
    path = paths.home / "secrets" / name
    path.chmod(0o640)
    assert paths.secret(name)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=rf"{name} is open to others \({mode:o}\): chmod 600 "):
        paths.secret(name)


@pytest.mark.parametrize("name", ["control.door", "ref.key", "github-mcp.service"])
def test_a_secret_that_holds_nothing_is_refused(local: House, name: str) -> None:
    """An empty file, and a folder in its place, are told as what they are, and nothing starts."""
    path = local.paths.home / "secrets" / name
    path.write_text("\n")
    with pytest.raises(ConfigError, match=rf"{name} is empty: put back what it held, or remove it: `make init` makes"):
        local.check()
    path.unlink()
    path.mkdir(0o755)
    with pytest.raises(ConfigError, match=rf"{name} is a folder, not a file: remove it"):
        local.check()


def test_secrets_in_an_open_folder_are_refused(paths: HousePaths) -> None:
    """What others may list or write is no place for secrets."""
    (paths.home / "secrets").chmod(0o755)
    with pytest.raises(ConfigError, match=r"secrets is open to others \(755\): chmod 700 "):
        paths.make()


def test_a_lost_public_file_is_made_again(paths: HousePaths) -> None:
    """It fits the signing key that is there."""
    secrets = paths.home / "secrets"
    before = (secrets / "jwks.json").read_bytes()
    (secrets / "jwks.json").unlink()
    paths.make()
    assert json.loads((secrets / "jwks.json").read_bytes()) == json.loads(before)


@pytest.mark.parametrize(
    ("name", "entry"), [("control.door", "http.local"), ("github-mcp.service", "services.github-mcp")]
)
def test_a_token_that_the_access_file_does_not_know_is_refused(local: House, name: str, entry: str) -> None:
    """A token that was made anew is told with the line that opens it, and the house does not start without."""
    (local.paths.home / "secrets" / name).unlink()
    local.init()
    with pytest.raises(ConfigError, match=rf"secrets/{name}: put that file back, or add .* to token_sha256 of {entry}"):
        local.check()
    path = local.paths.home / "access.yaml"
    access = yaml.safe_load(path.read_text())
    kind, _, holder = entry.partition(".")
    access[kind][holder]["token_sha256"].append(token_hash(local.paths.secret(name)))
    path.write_text(yaml.safe_dump(access))
    assert unknown_tokens(local.paths) == []


def test_a_signing_key_that_is_not_public_starts_nothing(local: House) -> None:
    """An old key that was put back is told before anything starts, and one that others may read, too."""
    key, public = (local.paths.home / "secrets" / name for name in ("signing-key.json", "jwks.json"))
    old = key.read_text()
    write_keys(key, public)
    key.write_text(old)
    with pytest.raises(ConfigError, match=r"is not public in .*`agent-engine keys rotate` makes one that is"):
        local.check()
    key.chmod(0o644)
    with pytest.raises(ConfigError, match=r"signing-key\.json is open to others"):
        local.check()


def test_a_door_that_was_closed_needs_no_token(local: House) -> None:
    """Where the operator took the door `local` out, its token need not be known."""
    path = local.paths.home / "access.yaml"
    access = yaml.safe_load(path.read_text())
    del access["http"]
    path.write_text(yaml.safe_dump(access))
    assert unknown_tokens(local.paths) == []
