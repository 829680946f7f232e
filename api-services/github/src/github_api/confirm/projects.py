"""Compares GitHub's reply to a write of a project's items with the request."""

from collections.abc import Iterator

from api_kit import Json


def added(asked: Json, reply: Json) -> str | None:
    """Compare the reply to a new item with what was asked: it is one."""
    return None if isinstance(reply, dict) and isinstance(reply.get("id"), int) else "the reply is not an item"


def updated(asked: Json, reply: Json) -> str | None:
    """Compare an item with the values that it was to have in fields; a field that it does not tell is not compared."""
    now = values_of(reply)
    missing = [str(field) for field, value in asked_values(asked) if field in now and not is_same(value, now[field])]
    return f"fields without the value that was asked for: {', '.join(missing)}" if missing else added(asked, reply)


def asked_values(body: Json) -> Iterator[tuple[int, Json]]:
    """Yield each field that a body names, with the value that it asks for."""
    fields = body.get("fields") if isinstance(body, dict) else None
    for one in fields if isinstance(fields, list) else []:
        if isinstance(one, dict) and isinstance(field := one.get("id"), int):
            yield field, one.get("value")


def values_of(item: Json) -> dict[int, Json]:
    """Return the values of an item by the ids of their fields: of a choice its id, of a text its words."""
    fields = item.get("fields") if isinstance(item, dict) else None
    found: dict[int, Json] = {}
    for one in fields if isinstance(fields, list) else []:
        if isinstance(one, dict) and isinstance(field := one.get("id"), int):
            value = one.get("value")
            found[field] = value.get("id", value.get("raw")) if isinstance(value, dict) else value
    return found


def is_same(asked: Json, now: Json) -> bool:
    """Return whether a field has the value; GitHub may tell a date with a time behind it."""
    if isinstance(asked, str) and isinstance(now, str):
        return now == asked or now.startswith(f"{asked}T")
    return asked == now
