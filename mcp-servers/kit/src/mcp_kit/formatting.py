"""What stands in one row of a reply: foreign text quoted as JSON, so that no title can pretend to be another field."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator
from service_kit.untrusted_text import clean_line

DAY = re.compile(r"\d{4}-\d\d-\d\d")


def quote(text: str, limit: int = 200) -> str:
    """Quote foreign text for a row: cleaned, on one line, bounded."""
    return json.dumps(clean_line(text, limit), ensure_ascii=False)


def beginning(text: str, limit: int) -> str:
    """Return a text up to a limit, and behind it how much more there is and how to get it."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters; detail=full shows all)"


def stamp(moment: datetime) -> str:
    """Write a moment without seconds and with its offset, as in `2026-01-31T09:30Z` or `2026-01-31T11:30+02:00`.

    A moment of which the vendor gives no offset is written without one.
    """
    written = moment.isoformat(timespec="minutes")
    return written.removesuffix("+00:00") + "Z" if moment.utcoffset() == timedelta(0) else written


def read_moment(text: str) -> str:
    """Return a date, or a moment with its offset, in UTC as vendors take it: `2026-01-31T09:30:00Z`.

    Without an offset it is UTC.

    Raises:
        ValueError: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        raise ValueError("a date is asked for, as 2026-01-31 or 2026-01-31T09:30:00+02:00") from None


def read_end(text: str) -> str:
    """Return a moment as `read_moment` does; a date alone means the end of that day."""
    moment = read_moment(text)
    return f"{moment[:10]}T23:59:59Z" if DAY.fullmatch(text) else moment


Moment = Annotated[str, AfterValidator(read_moment)]
"""An argument that names a moment; the vendor is asked in UTC."""
End = Annotated[str, AfterValidator(read_end)]
"""An argument that names the end of a time: a day is a part of it."""
