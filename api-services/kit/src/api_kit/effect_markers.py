"""Finds a created thing whose reply was lost: it carries the effect's id where people do not see it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from uuid import UUID

from agent_effects import marked, marker
from service_kit.json_text import Json

from api_kit.errors import Refusal
from api_kit.routes import Call, Fetch, Probe

Own = Callable[[Mapping[str, Json]], bool]
"""Whether our own account wrote what a row shows."""
PAGES = 3
CREATED = 201


def mark_in(field: str) -> Callable[[Json, UUID], Json]:
    """Return a function that puts the marker behind the text of a body's field."""

    def mark(body: Json, effect: UUID) -> Json:
        if not isinstance(body, dict):
            return body
        text = body.get(field)
        return {**body, field: f"{text}\n\n{marker(effect)}" if isinstance(text, str) and text else marker(effect)}

    return mark


def created(
    listing: Callable[[Call, int], str],
    *,
    field: str,
    per_page: int,
    own: Callable[[Fetch], Awaitable[Own]],
    settle_window: float | None,
    made: str | None,
    pages: int = PAGES,
    newest_first: bool = True,
    status: int = CREATED,
) -> Probe:
    """Find what was created by the marker in its text, among what our own account wrote last.

    Args:
        listing: the path of a page, from 1, of the vendor's list.
        field: where the text is, in the body and in a row of the list.
        per_page: the rows of a full page; a shorter one is the last.
        own: asks the vendor who we are: a stranger may have copied the marker.
        settle_window: see `Probe`.
        made: the field of a row that says when it was made, as ISO 8601; None where no row says it.
        pages: how many are looked through; where the last is not yet older than the send, nothing can be said.
        newest_first: whether the list is in that order; one that is not is looked through to its end.
        status: the status with which the vendor answers such a write.
    """

    async def find(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
        is_own = await own(fetch)
        for page in range(1, pages + 1):
            rows = await fetch(listing(call, page))
            if not isinstance(rows, list):
                raise Refusal("upstream_refused", f"{listing(call, page)} is no list, so nothing can be found in it")
            for row in rows:
                if isinstance(row, dict) and effect in marked(row.get(field)) and is_own(row):
                    return row
            if len(rows) < per_page or (newest_first and _is_before(rows[-1], made, since)):
                return None
        raise Refusal("upstream_refused", f"{pages} pages were looked through, and more was made since")

    return Probe(find, mark=mark_in(field), settle_window=settle_window, status=status)


def _is_before(row: Json, field: str | None, since: datetime) -> bool:
    if field is None:
        return False
    try:
        return isinstance(row, dict) and datetime.fromisoformat(str(row.get(field))) < since
    except (ValueError, TypeError):  # no time, or none with an offset
        return False
