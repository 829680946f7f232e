"""Compares GitHub's reply to a review, or to a reply in its thread, with the request."""

from api_kit import Json

STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED", None: "PENDING"}


def reviewed(asked: Json, reply: Json) -> str | None:
    """Compare a review with what was asked: its verdict is in force."""
    if not isinstance(asked, dict) or not isinstance(reply, dict):
        return "the reply is not a review"
    event = asked.get("event")
    wanted = STATES.get(event if isinstance(event, str) else None)
    return None if reply.get("state") == wanted else f"the review is {reply.get('state')!r}, not {wanted!r}"


def replied(asked: Json, reply: Json) -> str | None:
    """Compare a reply in a thread with what was asked: it is a comment."""
    made = isinstance(reply, dict) and isinstance(reply.get("id"), int) and isinstance(reply.get("body"), str)
    return None if made else "the reply is not a comment"
