"""Lists in GraphQL: a page of them after a cursor, which is opaque to callers."""

import base64
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

MOST = 100


def connection(rows: Sequence[Any], first: int, after: str | None, total: str = "totalCount") -> dict[str, Any]:
    """Give a page of a list."""
    if not 1 <= first <= MOST:
        raise GraphQLError(f"Requesting {first} records exceeds the `first` limit of {MOST} records.")
    start = int(base64.b64decode(after).decode().removeprefix("cursor:")) if after else 0
    end = start + first
    cursor = base64.b64encode(f"cursor:{min(end, len(rows))}".encode()).decode()
    info = {"hasNextPage": end < len(rows), "endCursor": cursor if rows else None}
    return {total: len(rows), "nodes": list(rows[start:end]), "pageInfo": info}
