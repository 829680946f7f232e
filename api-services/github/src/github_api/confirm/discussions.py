"""Compares GitHub's reply to a comment on a discussion with the request."""

from api_kit import Json
from api_kit.json_paths import find, steps


def commented(asked: Json, reply: Json) -> str | None:
    """Compare a new comment with what was asked: it is one, with an address."""
    (url,) = find(reply, steps("data.addDiscussionComment.comment.url"))
    return None if isinstance(url, str) else "the reply is not a comment"
