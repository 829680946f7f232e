"""Compares GitHub's reply to a write of a pull request with the request."""

from collections.abc import Mapping

from api_kit import Json


def opened(asked: Json, reply: Json) -> str | None:
    """Compare a new pull request with what was asked: its branches, and whether it is a draft."""
    if not isinstance(asked, dict) or not isinstance(reply, dict) or not isinstance(reply.get("number"), int):
        return "the reply is not a pull request"
    for side in ("head", "base"):
        if _ref(reply, side) != str(asked.get(side)).rpartition(":")[2]:
            return f"the {side} is {_ref(reply, side)!r}"
    label = str(_of(reply, "head").get("label"))
    if ":" in str(asked.get("head")) and label.casefold() != str(asked.get("head")).casefold():
        return f"the head is {label!r}"
    return "it is no draft" if asked.get("draft") is True and reply.get("draft") is not True else None


def changed(asked: Json, reply: Json) -> str | None:
    """Compare a changed pull request with what was asked."""
    if not isinstance(asked, dict) or not isinstance(reply, dict):
        return "the reply is not a pull request"
    now = {**reply, "base": _ref(reply, "base")}
    for field in ("title", "state", "base"):
        if field in asked and asked[field] != now.get(field):
            return f"the {field} is {now.get(field)!r}, not {asked[field]!r}"
    return None


def reviewers_asked(asked: Json, reply: Json) -> str | None:
    """Compare who is asked for a review with who was to be asked."""
    missing = sorted(_names(asked, "reviewers", "team_reviewers") - _waiting(reply))
    return f"reviewers asked for and not set: {', '.join(missing)}" if missing else None


def reviewers_released(asked: Json, reply: Json) -> str | None:
    """Compare who is asked for a review with who was not to be asked any more."""
    left = sorted(_names(asked, "reviewers", "team_reviewers") & _waiting(reply))
    return f"reviewers still asked: {', '.join(left)}" if left else None


def merged(asked: Json, reply: Json) -> str | None:
    """Compare the reply with a merge: it says that it was done."""
    return None if isinstance(reply, dict) and reply.get("merged") is True else "the reply does not say that it merged"


def _ref(reply: Mapping[str, Json], side: str) -> Json:
    return _of(reply, side).get("ref")


def _of(reply: Mapping[str, Json], side: str) -> Mapping[str, Json]:
    found = reply.get(side)
    return found if isinstance(found, dict) else {}


def _waiting(reply: Json) -> set[str]:
    return _names(reply, "requested_reviewers", "requested_teams")


def _names(document: Json, *fields: str) -> set[str]:
    """Read names, case aside, from texts or from objects with a login or a slug."""
    lists = [document.get(field) for field in fields] if isinstance(document, dict) else []
    names = [
        one.get("login", one.get("slug")) if isinstance(one, dict) else one
        for rows in lists
        if isinstance(rows, list)
        for one in rows
    ]
    return {name.casefold() for name in names if isinstance(name, str)}
