"""What was created is found by its marker, and is gone only where a whole look says so."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from agent_effects import marker
from api_kit import Call, Fetch, Probe
from api_kit.effect_markers import Own, created
from api_kit.errors import Refusal

SENT = datetime(2026, 1, 1, tzinfo=UTC)
EFFECT = uuid4()
CALL = cast(Call, None)


async def ours(fetch: Fetch) -> Own:
    """Count every row as ours but one."""
    return lambda row: row.get("author") != "stranger"


def probe() -> Probe:
    """Look through two pages of two rows."""
    return created(
        lambda call, page: str(page), field="text", per_page=2, own=ours, settle_window=120, made="created_at", pages=2
    )


def rows(*ages: int, marked: int | None = None, **more: Any) -> list[dict[str, Any]]:
    """Make rows, so many seconds older than the send, newest first."""
    return [
        {
            "text": f"x {marker(EFFECT)}" if number == marked else "x",
            "created_at": (SENT - timedelta(seconds=age)).isoformat(),
            **more,
        }
        for number, age in enumerate(ages)
    ]


async def look(listed: Any) -> Any:
    """Look for the effect in a list of rows."""

    async def fetch(path: str, asked: Any = None) -> Any:
        first = (int(path) - 1) * 2
        return listed[first : first + 2] if isinstance(listed, list) else listed

    return await probe().find(CALL, EFFECT, fetch, SENT)


async def test_it_is_found_on_any_page() -> None:
    """By the marker, in what our own account wrote."""
    assert (await look(rows(-4, -3, -2, -1, marked=3)))["text"].endswith(marker(EFFECT))
    assert await look(rows(-1, marked=0, author="stranger")) is None


@pytest.mark.parametrize("listed", [rows(), rows(-1), rows(-2, -1, -1), rows(-1, 1), rows(-2, -1, 0, 5)])
async def test_a_whole_look_says_that_it_is_not_there(listed: Any) -> None:
    """The list ends, or reaches what is older than the send."""
    assert await look(listed) is None


@pytest.mark.parametrize(
    "listed", [None, {"message": "x"}, rows(-4, -3, -2, -1), rows(-4, -3, -2, -1, created_at="?"), [1, 2, 3, 4]]
)
async def test_a_look_that_ends_early_says_nothing(listed: Any) -> None:
    """No list, or more was made since the send than is looked through."""
    with pytest.raises(Refusal, match=r"is no list|more was made since"):
        await look(listed)
