"""Lists in GraphQL: a page of them after a cursor, or before one, which is opaque to callers."""

import base64
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

MOST = 100


def connection(rows: Sequence[Any], first: int, after: str | None, total: str = "totalCount") -> dict[str, Any]:
    """Give a page of a list."""
    _check(first, "first")
    start = _place(after) if after else 0
    return _page(rows, start, min(start + first, len(rows)), total)


def connection_from_the_end(rows: Sequence[Any], last: int, before: str | None) -> dict[str, Any]:
    """Give the last page of a list, or the one before a cursor."""
    _check(last, "last")
    end = _place(before) if before else len(rows)
    return _page(rows, max(0, end - last), end, "totalCount")


def _page(rows: Sequence[Any], start: int, end: int, total: str) -> dict[str, Any]:
    info = {
        "hasNextPage": end < len(rows),
        "endCursor": _cursor(end) if rows else None,
        "hasPreviousPage": start > 0,
        "startCursor": _cursor(start) if rows else None,
    }
    return {total: len(rows), "nodes": list(rows[start:end]), "pageInfo": info}


def _check(size: int, name: str) -> None:
    if not 1 <= size <= MOST:
        raise GraphQLError(f"Requesting {size} records exceeds the `{name}` limit of {MOST} records.")


def _cursor(place: int) -> str:
    return base64.b64encode(f"cursor:{place}".encode()).decode()


def _place(cursor: str) -> int:
    return int(base64.b64decode(cursor).decode().removeprefix("cursor:"))
