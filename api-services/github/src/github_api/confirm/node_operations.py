"""Reads the answers of GraphQL operations that write one thing, and compares them with the request."""

from collections.abc import Callable, Mapping

from api_kit import Json
from api_kit.json_paths import find, steps

THREAD = "addPullRequestReviewThread.thread"
READY = "markPullRequestReadyForReview.pullRequest"
DRAFT = "convertPullRequestToDraft.pullRequest"


def written(at: str, reply: Json) -> Mapping[str, Json] | None:
    """Return the thing that an operation wrote, at a place in its answer; None if the answer has none."""
    (found,) = find(reply, steps(f"data.{at}"))
    return found if isinstance(found, dict) else None


def answer(at: str, thing: Mapping[str, Json]) -> Json:
    """Return the answer of an operation that wrote a thing."""
    field, _, name = at.partition(".")
    return {"data": {field: {name: dict(thing)}}}


def commented(asked: Json, reply: Json) -> str | None:
    """Compare a comment on a line with what was asked: it is of that file."""
    thread, path = written(THREAD, reply), asked.get("path") if isinstance(asked, dict) else None
    return None if thread is not None and thread.get("path") == path else "the reply is no thread of that file"


def drafted(at: str, *, draft: bool) -> Callable[[Json, Json], str | None]:
    """Return what compares the state of a pull request with the one that was asked for."""

    def compare(asked: Json, reply: Json) -> str | None:
        pull = written(at, reply)
        is_now = pull is not None and pull.get("isDraft") is draft
        return None if is_now else f"the pull request is {'no' if draft else 'still a'} draft"

    return compare
