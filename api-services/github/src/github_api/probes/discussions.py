"""Finds comments on discussions whose reply was lost, and reads a discussion for those who approve a comment on it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from agent_effects import marked
from agent_vendors.github_discussions import COMMENTED_DISCUSSION, LATEST_DISCUSSION_COMMENTS
from api_kit import Call, Fetch, Json, Probe
from api_kit.effect_markers import mark_in
from api_kit.errors import Refusal
from api_kit.graphql import PATH
from api_kit.json_paths import find, steps

from github_api.probes.own_account import GONE_SECONDS, own

PAGES = 5
"""Pages of 100 comments, from the last, in which an own one is looked for."""
DISCUSSION = "data.repository.discussion"


def at(document: Json, place: str) -> Json:
    """Return what stands at a place that leads through no list."""
    (found,) = find(document, steps(place))
    return found


def variables_of(call: Call) -> dict[str, Json]:
    """Return the variables of `COMMENTED_DISCUSSION`; without a comment nothing is a reply."""
    comment = call.body.get("comment") if isinstance(call.body, dict) else None
    return {**_named(call), "comment": comment or "", "replies": bool(comment)}


async def repository_of_discussion(call: Call, fetch: Fetch) -> Sequence[str]:
    """Return the present name of the discussion's repository, if what is answered is a comment of the discussion."""
    document = await _commented(call, fetch)
    node, parent = at(document, f"{DISCUSSION}.id"), at(document, "data.node.discussion.id")
    name = at(document, "data.repository.nameWithOwner")
    is_of_it = node is not None and (parent == node or not variables_of(call)["replies"])
    return [str(name)] if is_of_it else []


async def commented_discussion(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
    """Return the title and text of the discussion that a comment is for, and the comment that a reply answers."""
    document = await _commented(call, fetch)
    found = at(document, DISCUSSION)
    if not isinstance(found, dict):
        return None
    facts = {"title": found.get("title"), "text of the discussion": found.get("body"), "locked": found.get("locked")}
    return facts | ({"text of the comment": at(document, "data.node.body")} if variables_of(call)["replies"] else {})


async def find_comment(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Return the comment or reply with the effect's mark, as the reply to it says it; None if there is none."""
    is_own, before = await own(fetch), None
    for _ in range(PAGES):
        asked: Json = {"query": LATEST_DISCUSSION_COMMENTS.text, "variables": {**_named(call), "before": before}}
        comments = at(await fetch(PATH, asked), f"{DISCUSSION}.comments")
        if not isinstance(comments, dict):
            raise Refusal("upstream_refused", "the discussion is not there, so nothing can be found in it")
        for one in _said(comments):
            if effect in marked(one.get("body")) and is_own({"author": _author(one)}):
                return {"data": {"addDiscussionComment": {"comment": one}}}
        if at(comments, "pageInfo.hasPreviousPage") is not True:
            return None
        before = at(comments, "pageInfo.startCursor")
    raise Refusal("upstream_refused", f"{PAGES} pages were looked through, and the discussion has more")


def _named(call: Call) -> dict[str, Json]:
    return {"owner": call.path["owner"], "name": call.path["repo"], "number": int(call.path["number"])}


async def _commented(call: Call, fetch: Fetch) -> Json:
    return await fetch(PATH, {"query": COMMENTED_DISCUSSION.text, "variables": variables_of(call)})


def _said(comments: Json) -> Iterator[dict[str, Json]]:
    """Yield the comments of a page, each before the replies to it."""
    nodes = comments.get("nodes") if isinstance(comments, dict) else None
    for one in nodes if isinstance(nodes, list) else []:
        if isinstance(one, dict):
            yield {name: value for name, value in one.items() if name != "replies"}
            yield from _said(one.get("replies"))


def _author(comment: Mapping[str, Json]) -> Json:
    """Return the author as REST names it: a bot's login ends with `[bot]`."""
    author = comment.get("author")
    if isinstance(author, dict) and author.get("__typename") == "Bot":
        return {"login": f"{author.get('login')}[bot]"}
    return author


COMMENT_MADE = Probe(find_comment, mark=mark_in("body"), settle_window=GONE_SECONDS)
