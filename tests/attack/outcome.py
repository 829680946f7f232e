"""What became of a case, and the table of all."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes:
        attempts: how many it counts as; those of a case that waits for a part of the house count nowhere.
        through: how many of them got through.
        missing: how many cannot be said to have run.
        told: what got through, or why an attempt cannot have run, a line each.
    """

    id: str
    group: str
    attempts: int = 1
    through: int = 0
    missing: int = 0
    waits_for: str = ""
    told: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def blocked(self) -> int:
        """How many attempts ran and came to nothing."""
        return self.attempts - self.through - self.missing


COLUMNS = ("class", "cases", "attempts", "blocked", "got through", "not run", "waiting")


def table(outcomes: Sequence[Outcome]) -> str:
    """Give the table by class, what is to be told of each case, and the count as the last line."""
    groups = sorted({outcome.group for outcome in outcomes})
    rows = [COLUMNS, *(_row(group, [one for one in outcomes if one.group == group]) for group in groups)]
    rows.append(_row("all", outcomes))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *figures in rows:
        cells = [figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *cells]))
    lines += [f"{_word(one)}: {one.id}: {line}" for one in outcomes for line in one.told]
    played = [one for one in outcomes if not one.waits_for]
    missing = sum(one.missing for one in played)
    tail = f", not run {missing}" if missing else ""
    through = sum(one.through for one in played)
    return "\n".join([*lines, "", f"attempts {sum(one.attempts for one in played)}, got through {through}{tail}"])


def held(outcomes: Sequence[Outcome]) -> bool:
    """Say whether something was tried, and every attempt ran and was blocked."""
    played = [one for one in outcomes if not one.waits_for]
    return bool(played) and all(one.blocked == one.attempts for one in played)


def _word(outcome: Outcome) -> str:
    if outcome.waits_for:
        return f"waits for {outcome.waits_for}"
    return "got through" if outcome.through else "not run"


def _row(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    played = [one for one in outcomes if not one.waits_for]
    counts = [sum(getattr(one, what) for one in played) for what in ("attempts", "blocked", "through", "missing")]
    waiting = sum(one.attempts for one in outcomes if one.waits_for)
    return (name, *map(str, (len(outcomes), *counts, waiting)))
