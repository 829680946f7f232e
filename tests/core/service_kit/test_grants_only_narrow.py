"""Grants: patterns, and intersections that never widen."""

import pytest
from agent_contracts import Grant, Mode
from agent_vendors import ResourceKind
from agent_vendors.github import REPOSITORIES
from hypothesis import given
from hypothesis import strategies as st
from service_kit.grants import Bound, allowed, matches, narrow, narrow_resources

segments = st.sampled_from(["octocat", "OctoCat", "hello", "world", "*"])
patterns = st.tuples(segments, segments).map("/".join)
names = st.tuples(segments.filter(lambda s: s != "*"), segments.filter(lambda s: s != "*")).map("/".join)


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("octocat/hello", "OctoCat/Hello", True),
        ("octocat/*", "octocat/anything", True),
        ("octocat/*", "octocat/a/b", False),
        ("octocat/*", "octocat/", False),
        ("*", "octocat/hello", False),
        ("octocat/hel*", "octocat/hello", False),
        ("octocat/hello", "octocat/hello-world", False),
    ],
)
def test_a_star_is_one_whole_segment(pattern: str, name: str, covered: bool) -> None:
    """A pattern covers names of its own shape only, without regard to case."""
    assert matches(pattern, name) is covered


@given(st.lists(patterns, max_size=4), st.lists(patterns, max_size=4), names)
def test_an_intersection_covers_exactly_what_both_cover(first: list[str], second: list[str], name: str) -> None:
    """A name is covered by the intersection if and only if both sides cover it."""
    both = narrow_resources({"repositories": first}, {"repositories": second}, "github")
    covered = any(matches(pattern, name) for pattern in both.get("repositories", []))
    assert covered == (any(matches(p, name) for p in first) and any(matches(p, name) for p in second))


def test_the_weaker_mode_and_the_smaller_limit_hold() -> None:
    """Narrowing keeps common tools, the weaker mode and the smaller limits."""
    grant = Grant(tools=["a", "b"], resources={"repositories": ["o/r"]}, mode=Mode.write, limits={"a": 3, "b": 1})
    bound = Bound(tools=["b", "c"], resources={"repositories": ["o/*"]}, mode=Mode.propose, limits={"a": 1, "b": 5})
    assert narrow(grant, bound, "github") == Grant(
        tools=["b"], resources={"repositories": ["o/r"]}, mode=Mode.propose, limits={"a": 1, "b": 1}
    )


def test_no_entry_is_no_access() -> None:
    """A kind that one side does not name is gone."""
    grant = Grant(tools=["a"], resources={"repositories": ["o/r"]}, mode=Mode.write)
    assert narrow(grant, Bound(mode=Mode.write), "github").resources == {}
    assert not allowed(Bound(), REPOSITORIES, "o/r")


@pytest.mark.parametrize(
    ("granted", "pattern", "covered"),
    [
        ("octocat/*", "octocat/*", True),
        ("octocat/*", "OctoCat/*", True),
        ("*/*", "octocat/*", True),
        ("octocat/hello", "octocat/*", False),
        ("*/hello", "octocat/*", False),
        ("octocat/*", "*/*", False),
        ("octocat/*", "octocat/h*", False),
        ("*/*", "octo cat/*", False),
        ("*/*", "*", False),
    ],
)
def test_a_pattern_is_covered_by_what_covers_all_of_it(granted: str, pattern: str, covered: bool) -> None:
    """All that an owner has is covered by a grant for all of it, and by no single repository."""
    assert allowed(Bound(resources={"repositories": [granted]}), REPOSITORIES, pattern) is covered


def test_a_kind_brings_its_grammar_and_its_comparison() -> None:
    """What is no name of the kind is covered by no pattern; a kind that tells capitals apart is compared so."""
    bound = Bound(resources={"repositories": ["*/*"], "channels": ["C01"]})
    assert allowed(bound, REPOSITORIES, "o/foo.")
    assert not allowed(bound, REPOSITORIES, "o/..")
    channels = ResourceKind("channels", grammar=r"[A-Za-z0-9]+", description="a channel's id", example="C01")
    assert [name for name in ("C01", "c01", "C02") if allowed(bound, channels, name)] == ["C01"]
