"""`agent-engine access`: tokens are issued, scoped and revoked in `access.yaml`, and shown once."""

import json
from pathlib import Path

import pytest
from agent_engine.cli.app import app
from service_kit.access import read_access
from typer.testing import CliRunner, Result

FIRST = """\
# Who may do what.
tenants:
  default: {vendors: {github: {resources: {repositories: [octocat/*]}, mode: write}}}  # all of octocat
http:
  local:
    tenant: default
    skills: [issue-triage]
    token_sha256: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]  # the house's own
"""
OPEN = ("--resource", "github.repositories=octocat/*", "--mode", "write", "--tool", "github/issue_read")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An access file that the environment names."""
    made = tmp_path / "access.yaml"
    made.write_text(FIRST)
    monkeypatch.setenv("ACCESS_FILE", str(made))
    return made


def run(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, ["access", *arguments])


def test_a_person_is_given_a_token(path: Path) -> None:
    """The token is printed once, opens the entry, and stands in the file as a hash; the file's comments stay."""
    done = run("issue", "person", "grace", *OPEN)
    assert done.exit_code == 0, done.output
    token = done.stdout.strip()
    assert token.startswith("abp_")
    text = path.read_text()
    assert token not in text
    assert all(comment in text for comment in ("# Who may do what.", "# all of octocat", "# the house's own"))
    found = read_access(path).person(token)
    assert found is not None
    name, person = found
    bound = person.vendors["github"]
    assert (name, bound.resources, bound.mode, bound.tools) == (
        "grace",
        {"repositories": ["octocat/*"]},
        "write",
        ["issue_read"],
    )


@pytest.mark.parametrize(("kind", "prefix", "group"), [("door", "abd_", "http"), ("service", "abs_", "services")])
def test_doors_and_services_are_given_tokens_of_their_kind(path: Path, kind: str, prefix: str, group: str) -> None:
    """Each goes into its own group of the file."""
    token = run("issue", kind, "ops").stdout.strip()
    assert token.startswith(prefix)
    assert "ops" in getattr(read_access(path), group)


def test_a_door_without_a_skill_is_warned_of(path: Path) -> None:
    """The warning says how a skill is opened, until one is."""
    warning = "door ops takes no skill yet: `agent-engine access scope door ops --skill SKILL`"
    assert warning in " ".join(run("issue", "door", "ops", *OPEN).stderr.split())
    assert warning not in " ".join(run("issue", "door", "ops", "--skill", "issue-triage").stderr.split())


def test_a_token_is_replaced_without_a_gap(path: Path) -> None:
    """Two tokens open an entry until the older ones are revoked; without --keep-newest none is left."""
    first, second = (run("issue", "person", "grace").stdout.strip() for _ in range(2))
    assert all(read_access(path).person(token) for token in (first, second))
    assert "1 token of person grace revoked" in run("revoke", "person", "grace", "--keep-newest").output
    access = read_access(path)
    assert (access.person(first), access.person(second) is not None) == (None, True)
    assert run("revoke", "person", "grace").exit_code == 0
    assert read_access(path).person(second) is None
    assert run("revoke", "person", "grace").exit_code == 1


@pytest.mark.parametrize("command", ["scope", "issue"])
def test_only_what_is_given_of_an_entry_changes(path: Path, command: str) -> None:
    """A bound keeps its tools, limits and mode where other resources are given, and its token opens it still."""
    token = run("issue", "person", "grace", *OPEN).stdout.strip()
    text = path.read_text()
    path.write_text(text.replace("        tools:\n", "        limits: {add_issue_comment: 1}\n        tools:\n"))
    assert read_access(path).people["grace"].vendors["github"].limits
    narrower = ("--resource", "github.repositories=octocat/hello-world")
    done = run(command, "person", "grace", *narrower)
    assert done.exit_code == 0, done.output
    found = read_access(path).person(token)
    assert found is not None
    bound = found[1].vendors["github"]
    assert bound.model_dump() == {
        "resources": {"repositories": ["octocat/hello-world"]},
        "mode": "write",
        "tools": ["issue_read"],
        "limits": {"add_issue_comment": 1},
    }
    run(command, "person", "grace", *narrower, "--tool", "github/issue_write", "--mode", "propose")
    bound = read_access(path).people["grace"].vendors["github"]
    assert (bound.mode, bound.tools, bound.limits) == ("propose", ["issue_write"], {"add_issue_comment": 1})


def test_a_new_vendor_is_opened_to_read(path: Path) -> None:
    """Without --mode a vendor that the entry did not have may be read."""
    run("issue", "person", "grace", "--resource", "github.repositories=octocat/*")
    assert read_access(path).people["grace"].vendors["github"].mode == "read"


def test_the_text_before_is_kept(path: Path) -> None:
    """It is written first, for its owner alone; where it cannot be written, nothing changes."""
    backup = path.with_name("access.yaml.bak")
    backup.write_text("older")
    backup.chmod(0o644)
    run("issue", "person", "grace")
    assert (backup.read_text(), backup.stat().st_mode & 0o777) == (FIRST, 0o600)
    before = path.read_text()
    backup.unlink()
    backup.mkdir()
    done = run("issue", "person", "grace")
    assert (done.exit_code, path.read_text()) == (2, before)
    assert "so nothing was changed" in done.output


def test_an_entry_that_shares_lines_with_another_is_not_changed(path: Path) -> None:
    """A part that an alias shares would change for others too: the command says so."""
    before = (
        FIRST.replace("vendors: {github", "vendors: &all {github")
        + "people: {grace: {token_sha256: [], vendors: *all}}\n"
    )
    path.write_text(before)
    done = run("scope", "person", "grace", "--resource", "github.repositories=octocat/hello-world")
    assert (done.exit_code, path.read_text()) == (2, before)
    assert "by a YAML alias" in done.output


def test_who_holds_tokens_is_listed(path: Path) -> None:
    """Names, tenants, numbers and what they open are shown; hashes are not."""
    run("issue", "person", "grace", *OPEN)
    listed = [json.loads(line) for line in run("list", "--json").output.splitlines()]
    assert [(one["kind"], one["name"], one["tokens"]) for one in listed] == [
        ("door", "local", 1),
        ("person", "grace", 1),
    ]
    shown = run("list").output
    assert "github (write): octocat/*" in shown
    assert "aaaa" not in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("revoke", "person", "grase"), "access.yaml has no person 'grase' under people: did you mean grace?"),
        (("scope", "door", "lokal", "--tenant", "default"), "did you mean local?"),
        (("scope", "person", "grace"), "nothing is to be changed"),
        (("scope", "person", "grace", "--mode", "write"), "--mode is of vendors"),
        (("issue", "person", "grace", "--skill", "issue-triage"), "--skill is of doors"),
        (("issue", "person", "a:b"), "people.a:b"),
        (("issue", "person", "grace", "--resource", "github"), "is not VENDOR.KIND=NAME"),
        (("issue", "person", "grace", "--resource", "githb.repositories=a/b"), "did you mean github?"),
        (("issue", "person", "grace", "--resource", "github.repos=a/b"), "did you mean repositories?"),
        (("issue", "person", "grace", *OPEN, "--tool", "github/issue_raed"), "did you mean issue_read?"),
        (("issue", "person", "grace", "--tool", "github/issue_read"), "is not VENDOR/TOOL with a --resource"),
        (("issue", "person", "grace", "--tenant", "No Such"), "tenant"),
    ],
)
def test_what_cannot_be_is_named_and_changes_nothing(path: Path, arguments: tuple[str, ...], says: str) -> None:
    """The value and the remedy are told, and the file is as it was."""
    run("issue", "person", "grace")
    before = path.read_text()
    done = run(*arguments)
    assert done.exit_code == 2
    assert says in done.output, done.output
    assert path.read_text() == before
