"""A moment is shown with the offset that a vendor gives, and asked for in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from mcp_kit.formatting import read_end, read_moment, stamp

MOMENT = datetime(2026, 1, 31, 9, 30, 15)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        (UTC, "2026-01-31T09:30Z"),
        (timezone(timedelta(hours=2)), "2026-01-31T09:30+02:00"),
        (timezone(timedelta(hours=-3, minutes=-30)), "2026-01-31T09:30-03:30"),
        (timezone(timedelta(0), "GMT"), "2026-01-31T09:30Z"),
        (None, "2026-01-31T09:30"),
    ],
)
def test_a_moment_is_shown_with_its_offset(zone: timezone | None, shown: str) -> None:
    """A person's local time is not shown as if it were UTC."""
    assert stamp(MOMENT.replace(tzinfo=zone)) == shown


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T09:30Z", "2026-01-31T09:30:00Z"),
        ("2026-01-31T09:30:15.5+02:00", "2026-01-31T07:30:15Z"),
        ("2026-01-31T09:30", "2026-01-31T09:30:00Z"),
    ],
)
def test_a_moment_is_asked_for_in_utc(given: str, asked: str) -> None:
    """A moment as replies show it, or a date, is what the vendor is asked for."""
    assert read_moment(given) == asked


@pytest.mark.parametrize(
    ("given", "asked"), [("2026-01-31", "2026-01-31T23:59:59Z"), ("2026-01-31T09:30Z", "2026-01-31T09:30:00Z")]
)
def test_a_day_at_the_end_of_a_time_is_a_part_of_it(given: str, asked: str) -> None:
    """What happened on that day is found; a moment stays as it is."""
    assert read_end(given) == asked


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "", "0001-01-01T00:00+14:00", "1"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """A text that a vendor may ignore without a word is refused before it is sent."""
    with pytest.raises(ValueError, match="a date is asked for"):
        read_moment(text)
