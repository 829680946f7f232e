"""Compares GitHub's reply with the request: it silently drops labels, assignees and milestones without push access."""

from functools import partial

from api_kit import Json


def commented(asked: Json, reply: Json) -> str | None:
    """Compare a new comment with what was asked: it is one, with an address."""
    made = isinstance(reply, dict) and isinstance(reply.get("id"), int) and isinstance(reply.get("body"), str)
    return None if made else "the reply is not a comment"


def labels_removed(name: Json, reply: Json) -> str | None:
    """Compare an issue's labels with the one that was removed, or with none where all were."""
    left = _set(reply) if name is None else _set(reply) & _set([name])
    return f"labels still set: {', '.join(sorted(left))}" if left else None


def assigned(asked: Json, reply: Json) -> str | None:
    """Compare an issue with the people whom it was to be assigned to, among others."""
    people, issue = _fields(asked, reply)
    return _names("assignees", people, issue, exact=False)


def unassigned(asked: Json, reply: Json) -> str | None:
    """Compare an issue with the people who were to be taken from it."""
    people, issue = _fields(asked, reply)
    left = _set(people) & _set(issue)
    return f"still assigned: {', '.join(sorted(left))}" if left else None


def _fields(*documents: Json) -> list[Json]:
    return [one.get("assignees") if isinstance(one, dict) else None for one in documents]


def _issue(asked: Json, reply: Json, *, exact: bool) -> str | None:
    if not isinstance(asked, dict) or not isinstance(reply, dict):
        return "the reply is not an issue"
    for field in ("labels", "assignees"):
        if isinstance(asked.get(field), list):
            missing = _names(field, asked[field], reply.get(field), exact=exact)
            if missing:
                return missing
    state = asked.get("state")
    if isinstance(state, str) and reply.get("state") != state:
        return f"the state is {reply.get('state')!r}, not {state!r}"
    milestone = reply.get("milestone")
    number = milestone.get("number") if isinstance(milestone, dict) else None
    kind = reply.get("type")
    name = kind.get("name") if isinstance(kind, dict) else None
    if "type" in asked and str(asked["type"]).casefold() != str(name).casefold():
        return f"the type is {name!r}, not {asked['type']!r}"
    if "milestone" in asked and str(asked["milestone"]) != str(number):
        return f"the milestone is {number!r}, not {asked['milestone']!r}"
    return None


def _labels(asked: Json, reply: Json, *, exact: bool) -> str | None:
    wanted = asked.get("labels", []) if isinstance(asked, dict) else asked
    return _names("labels", wanted, reply, exact=exact)


def _names(field: str, asked: Json, given: Json, *, exact: bool) -> str | None:
    wanted, found = _set(asked), _set(given)
    if missing := sorted(wanted - found):
        return f"{field} asked for and not set: {', '.join(missing)}"
    if exact and (extra := sorted(found - wanted)):
        return f"{field} not asked for and still set: {', '.join(extra)}"
    return None


def _set(items: Json) -> set[str]:
    """Read names, case aside, from texts or from objects with a name or a login."""
    found: set[str] = set()
    for item in items if isinstance(items, list) else []:
        name = item.get("name", item.get("login")) if isinstance(item, dict) else item
        if isinstance(name, str):
            found.add(name.strip().casefold())
    return found


issue_made = partial(_issue, exact=False)
"""Compares a new issue with what was asked: all that was asked is there."""
issue_changed = partial(_issue, exact=True)
"""Compares a changed issue with what was asked: lists are as asked, nothing more and nothing less."""
labels_added = partial(_labels, exact=False)
"""Compares an issue's labels with those that were added."""
labels_set = partial(_labels, exact=True)
"""Compares an issue's labels with those that were set."""
