"""Compares GitHub's reply with the release that was asked for."""

from api_kit import Json


def released(asked: Json, reply: Json) -> str | None:
    """Compare a new release with what was asked: it has the tag, and is a draft or is not, as it should."""
    if not isinstance(asked, dict) or not isinstance(reply, dict) or not isinstance(reply.get("id"), int):
        return "the reply is not a release"
    if reply.get("tag_name") != asked.get("tag_name"):
        return f"the tag is {reply.get('tag_name')!r}, not {asked.get('tag_name')!r}"
    if reply.get("draft") != asked.get("draft", False):
        return "the release is a draft" if reply.get("draft") else "the release is published"
    return None
