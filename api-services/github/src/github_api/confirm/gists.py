"""Compares GitHub's reply with the gist that was asked for."""

from collections.abc import Mapping

from api_kit import Json


def contents(gist: Json) -> Mapping[str, Json]:
    """Return the content of each file of a gist; None of a file that GitHub shows in part."""
    files = gist.get("files") if isinstance(gist, dict) else None
    named = files.items() if isinstance(files, dict) else ()
    return {
        name: None if one.get("truncated") or "content" not in one else one["content"]
        for name, one in named
        if isinstance(one, dict)
    }


def made(asked: Json, reply: Json) -> str | None:
    """Compare a new gist with what was asked: it is secret or public, and has the files."""
    if not isinstance(asked, dict) or not isinstance(reply, dict) or not isinstance(reply.get("id"), str):
        return "the reply is not a gist"
    if reply.get("public") != (asked.get("public", False) is not False):
        return "the gist is public" if reply.get("public") else "the gist is secret"
    return _files(asked, reply)


def changed(asked: Json, reply: Json) -> str | None:
    """Compare a changed gist with what was asked: its description and the written files."""
    if not isinstance(asked, dict) or not isinstance(reply, dict):
        return "the reply is not a gist"
    if "description" in asked and asked["description"] != reply.get("description"):
        return "the description is another"
    return _files(asked, reply)


def _files(asked: Mapping[str, Json], reply: Json) -> str | None:
    wanted, there = asked.get("files"), contents(reply)
    for name, one in wanted.items() if isinstance(wanted, dict) else ():
        content = one.get("content") if isinstance(one, dict) else None
        if content is not None and there.get(name, "") not in (content, None):
            return f"the file {name!r} has another content than asked"
    return None
