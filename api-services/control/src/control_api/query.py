"""Query parameters that several lists have, read strictly."""

from collections.abc import Collection
from typing import TypeVar

from starlette.requests import Request

from control_api.errors import Refusal

MAX_LISTED = 200
MOST_DIGITS = 4
StateT = TypeVar("StateT", bound=str)


def limit_of(request: Request) -> int:
    """Read `limit`: how many of a list are wanted.

    Raises:
        Refusal: it is no number, or more than is ever given.
    """
    text = request.query_params.get("limit") or "50"
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS) or not 1 <= int(text) <= MAX_LISTED:
        raise Refusal("query", f"limit={text[:40]!r} is not usable", remedy=f"Give a number from 1 to {MAX_LISTED}.")
    return int(text)


def states_of(request: Request, known: Collection[StateT]) -> list[StateT]:
    """Read `state`: the states of a list that are wanted, comma-separated; empty where all are.

    Raises:
        Refusal: one of them is not known.
    """
    text = request.query_params.get("state")
    given = set(text.split(",")) if text else set()
    if not given <= set(known):
        remedy = f"Give some of {', '.join(known)}."
        raise Refusal("query", f"state={(text or '')[:80]!r} is not usable", remedy=remedy)
    return [state for state in known if state in given]
