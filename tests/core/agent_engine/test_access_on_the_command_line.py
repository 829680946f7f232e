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
    token = done.output.strip()
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
    token = run("issue", kind, "ops").output.strip()
    assert token.startswith(prefix)
    assert "ops" in getattr(read_access(path), group)


def test_a_token_is_replaced_without_a_gap(path: Path) -> None:
    """Two tokens open an entry until the older ones are revoked; without --keep-newest none is left."""
    first, second = (run("issue", "person", "grace").output.strip() for _ in range(2))
    assert all(read_access(path).person(token) for token in (first, second))
    assert "1 token of person grace revoked" in run("revoke", "person", "grace", "--keep-newest").output
    access = read_access(path)
    assert (access.person(first), access.person(second) is not None) == (None, True)
    assert run("revoke", "person", "grace").exit_code == 0
    assert read_access(path).person(second) is None
    assert run("revoke", "person", "grace").exit_code == 1


def test_an_entry_is_scoped(path: Path) -> None:
    """What the named vendor opens is replaced, and the tokens stay."""
    token = run("issue", "person", "grace", *OPEN).output.strip()
    done = run("scope", "person", "grace", "--resource", "github.repositories=octocat/hello-world")
    assert done.exit_code == 0, done.output
    found = read_access(path).person(token)
    assert found is not None
    bound = found[1].vendors["github"]
    assert (bound.resources, bound.mode, bound.tools) == ({"repositories": ["octocat/hello-world"]}, "read", None)


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
        (("issue", "person", "grace", "--skill", "issue-triage"), "--skill is of doors"),
        (("issue", "person", "a:b"), "people.a:b"),
        (("issue", "person", "grace", "--resource", "github"), "is not VENDOR.KIND=NAME"),
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
