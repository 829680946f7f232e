"""Compares GitHub's reply to a write of sub-issues or reactions with the request."""

from api_kit import Json


def linked(asked: Json, reply: Json) -> str | None:
    """Compare the reply to a change of sub-issues, which is an issue."""
    return None if isinstance(reply, dict) and isinstance(reply.get("number"), int) else "the reply is not an issue"


def reacted(asked: Json, reply: Json) -> str | None:
    """Compare a reaction with the one that was asked for."""
    wanted = asked.get("content") if isinstance(asked, dict) else None
    found = reply.get("content") if isinstance(reply, dict) else None
    return None if found == wanted else f"the reaction is {found!r}, not {wanted!r}"
