"""The benchmark's table: medians, spread, what a goal grants besides, and no figure that falls short is hidden."""

from bench.environments import FOLDER, VERSIONS
from bench.table import Line, shown


def test_a_line_tells_ratio_and_goal() -> None:
    """The ratio is of the medians; a limit is one value; what the goal adds is taken off ours first."""
    kept = Line("a", [2.0, 3.0, 9.0], [2.0, 2.5, 3.0], "ms", 1.25)
    assert (kept.ratio, kept.kept) == (1.2, True)
    short = Line("b", [7.0], [2.0], "ms", 1.5, less=1.0)
    assert (short.ratio, short.kept) == (3.0, False)
    head, first, second = shown([kept, short]).splitlines()
    assert head.split() == ["name", "ours", "peer", "ratio", "goal"]
    assert "3.00 (2.00-9.00) ms" in first
    assert first.startswith("a ")
    assert first.endswith(" ok")
    assert "7.00 ms" in second
    assert second.endswith("3.00x  <= 1.5x + 1.00 ms  short")


def test_each_peer_is_locked_at_the_versions_that_are_asserted() -> None:
    """What the figures are about is what the lock brings."""
    for peer, versions in VERSIONS.items():
        lock = (FOLDER / peer / "uv.lock").read_text()
        for name, version in versions.items():
            assert f'name = "{name}"\nversion = "{version}"\n' in lock
