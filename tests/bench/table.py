"""The table: a line for each figure, its peer, the ratio and the goal."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """A figure beside its peer's or its limit.

    Attributes:
        name: what was measured.
        ours: each round's figure, in the unit.
        peer: each round's figure of the peer, taken in turns with ours; one value where it is a limit.
        unit: of both.
        goal: the most that the ratio may be.
        less: what the goal grants besides, in the unit.
    """

    name: str
    ours: Sequence[float]
    peer: Sequence[float]
    unit: str
    goal: float
    less: float = 0.0

    @property
    def ratio(self) -> float:
        """Ours over the peer's, by the medians."""
        return (statistics.median(self.ours) - self.less) / statistics.median(self.peer)

    @property
    def kept(self) -> bool:
        """Whether the goal is kept."""
        return self.ratio <= self.goal

    def cells(self) -> tuple[str, ...]:
        """Give what is shown."""
        goal = f"<= {self.goal:g}x" + (f" + {self.less:.2f} {self.unit}" if self.less else "")
        return (
            self.name,
            f"{_told(self.ours)} {self.unit}",
            f"{_told(self.peer)} {self.unit}",
            f"{self.ratio:.2f}x",
            goal,
            "ok" if self.kept else "short",
        )


def _told(rounds: Sequence[float]) -> str:
    """Tell the median, and the spread where there were rounds."""
    median = statistics.median(rounds)
    digits = 0 if median >= 100 else 2
    spread = f" ({min(rounds):.{digits}f}-{max(rounds):.{digits}f})" if len(rounds) > 1 else ""
    return f"{median:.{digits}f}{spread}"


def shown(lines: Sequence[Line]) -> str:
    """Write the table."""
    return aligned([("name", "ours", "peer", "ratio", "goal", ""), *(line.cells() for line in lines)])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Write rows of cells, each column as wide as its widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
