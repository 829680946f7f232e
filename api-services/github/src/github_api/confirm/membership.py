"""Compares GitHub's reply to a change of who may do what with the request."""

from api_kit import Json

WAITS = "the person is invited, and has not accepted yet"


def added(asked: Json, reply: Json) -> str | None:
    """Say whether a collaborator is one now: GitHub replies with an invitation where the person has to accept it."""
    return WAITS if isinstance(reply, dict) and "invitee" in reply else None


def joined(asked: Json, reply: Json) -> str | None:
    """Compare a team's membership with what was asked."""
    if not isinstance(reply, dict):
        return "the reply is not a membership"
    role = asked.get("role", "member") if isinstance(asked, dict) else "member"
    if reply.get("role") != role:
        return f"the role is {reply.get('role')!r}, not {role!r}"
    return None if reply.get("state") == "active" else WAITS
