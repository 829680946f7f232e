"""agent_vendors.github: which texts name a repository, and which names are the same."""

import time

import pytest
from agent_vendors.github import REPOSITORIES


@pytest.mark.parametrize(
    "name",
    [
        "octocat/hello-world",
        "o/foo.",
        "o/...x",
        "o/.github",
        "old-/x",
        "mona_acme/x",
        "o/" + "x" * 100,
        "o" * 39 + "/x",
    ],
)
def test_what_exists_at_github_is_a_name(name: str) -> None:
    """Managed users with an underscore, old owners with a hyphen at the end, and names that begin or end with a dot."""
    assert REPOSITORIES.accepts(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "o", "o/", "/x", "o/.", "o/..", "o/x/y", "_o/x", "-o/x", "o.o/x", "o/x\n", "o/x y", "o/é", "*/x", "o/*"),
        *("o" * 40 + "/x", "o/" + "x" * 101),
    ],
)
def test_what_cannot_exist_there_is_none(name: str) -> None:
    """Neither patterns nor paths nor line ends are names."""
    assert not REPOSITORIES.accepts(name)
    with pytest.raises(ValueError, match="must be owner/name, as in octocat/hello-world"):
        REPOSITORIES.check(name)


def test_case_does_not_matter() -> None:
    """GitHub's names are compared without case, by segments."""
    assert REPOSITORIES.same("Octocat/Hello", "octocat/hELLO")
    assert REPOSITORIES.segments("Octocat/*") == ["octocat", "*"]


def test_a_check_takes_linear_time() -> None:
    """A megabyte of hostile text is refused at once."""
    begun = time.monotonic()
    assert not any(REPOSITORIES.accepts(text * 1_000_000) for text in ("a", "a-", "a/", "/.", "_"))
    assert time.monotonic() - begun < 1
