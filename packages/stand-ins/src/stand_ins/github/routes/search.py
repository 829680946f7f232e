"""The search over issues and pull requests of all repositories that the caller may read."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github import paging
from stand_ins.github.accounts import Role
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.qualifiers import Hit
from stand_ins.github.refusal import Refusal, validation_failed
from stand_ins.github.search import BadQuery, Search, parse
from stand_ins.github.shapes.issue import issue_json

REACHABLE = 1000
NOTHING_TO_SEARCH = (
    "The listed users and repositories cannot be searched either because the resources do not exist "
    "or you do not have permission to view them."
)
SORTS: dict[str, Callable[[Hit], Any]] = {
    "created": attrgetter("issue.created_at"),
    "updated": attrgetter("issue.updated_at"),
    "comments": lambda hit: len(hit.issue.comments),
    "interactions": lambda hit: len(hit.issue.comments),
}


async def search_issues(ask: Ask) -> Response:
    """Search; the best fits first unless another order is asked for."""
    asked = dict(ask.query)
    text = asked.get("q", "").strip()
    if not text:
        raise validation_failed(ask.docs, {"resource": "Search", "field": "q", "code": "missing"})
    try:
        search = parse(text)
    except BadQuery as error:
        raise _refused(ask, str(error)) from None
    hits = _hits(ask, search)
    page = paging.cut(hits[:REACHABLE], ask.query)
    if page.start >= REACHABLE:
        raise Refusal(422, "Only the first 1000 search results are available", docs=ask.docs)
    body = {
        "total_count": len(hits),
        "incomplete_results": False,
        "items": [_item(ask, one) for one in page.rows],
        "search_type": "lexical",
    }
    return JSONResponse(body, headers=ask.links(page))


def _hits(ask: Ask, search: Search) -> list[Hit]:
    asked = dict(ask.query)
    readable = [one for one in ask.world.repositories.values() if ask.world.role(one, ask.user) >= Role.read]
    meant = [one for one in readable if search.covers(one)]
    if search.scopes and not meant:
        raise _refused(ask, NOTHING_TO_SEARCH)
    every = [Hit(issue, one) for one in meant for issue in one.issues.values() if not issue.deleted]
    hits = [one for one in every if search.matches(one)]
    hits.sort(key=attrgetter("issue.id"), reverse=True)
    sort = SORTS.get(asked.get("sort", ""))
    hits.sort(key=sort or search.rank, reverse=sort is None or asked.get("order") != "asc")
    return hits


def _item(ask: Ask, hit: Hit) -> dict[str, Any]:
    return issue_json(hit.issue, hit.repository, ask.world, ask.base) | {"score": 1.0}


def _refused(ask: Ask, message: str) -> Refusal:
    return validation_failed(ask.docs, {"message": message, "resource": "Search", "field": "q", "code": "invalid"})


OPERATIONS = (
    Operation(
        "GET",
        "/search/issues",
        search_issues,
        "search/search#search-issues-and-pull-requests",
        of_repository=False,
        tier="search",
    ),
)
