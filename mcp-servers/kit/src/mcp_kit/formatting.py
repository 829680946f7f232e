"""What stands in one row of a reply: foreign text quoted as JSON, so that no title can pretend to be another field."""

import json
from datetime import datetime

from service_kit.untrusted_text import clean_line


def quote(text: str, limit: int = 200) -> str:
    """Quote foreign text for a row: cleaned, on one line, bounded."""
    return json.dumps(clean_line(text, limit), ensure_ascii=False)


def stamp(moment: datetime) -> str:
    """Write a moment without seconds, as in `2026-01-31T09:30Z`; it is given in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%MZ")
