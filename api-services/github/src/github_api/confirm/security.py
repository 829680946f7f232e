"""Compares GitHub's reply to the change of an alert with the request."""

from api_kit import Json


def settled(asked: Json, reply: Json) -> str | None:
    """Compare an alert's state and the reason for it with what was asked."""
    if not isinstance(asked, dict) or not isinstance(reply, dict):
        return "the reply is not an alert"
    for field in ("state", "dismissed_reason", "resolution"):
        if field in asked and asked[field] != reply.get(field):
            return f"the {field} is {reply.get(field)!r}, not {asked[field]!r}"
    return None
