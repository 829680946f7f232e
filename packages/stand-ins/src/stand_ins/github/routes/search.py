"""The search over issues and pull requests of all repositories that the caller may read."""

from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github import paging
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.qualifiers import Hit
from stand_ins.github.refusal import Refusal, validation_failed
from stand_ins.github.search import SORTS, parse
from stand_ins.github.search_values import Asker, BadQuery
from stand_ins.github.shapes.issue import issue_json

REACHABLE = 1000
NOTHING_TO_SEARCH = (
    "The listed users and repositories cannot be searched either because the resources do not exist "
    "or you do not have permission to view them."
)


async def search_issues(ask: Ask) -> Response:
    """Search; the best fits first unless another order is asked for."""
    try:
        hits = _hits(ask, text_of(ask))
    except BadQuery as error:
        raise refused(ask, error) from None
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


def text_of(ask: Ask) -> str:
    """Return the text of a search; 422 without one."""
    text = dict(ask.query).get("q", "").strip()
    if not text:
        raise validation_failed(ask.docs, {"resource": "Search", "field": "q", "code": "missing"})
    return text


def refused(ask: Ask, error: BadQuery) -> Refusal:
    """Say 422, as GitHub does, also of what only the stand-in cannot answer: clients show the words of a 422."""
    told = {"message": str(error), "resource": "Search", "field": "q", "code": "invalid"}
    return validation_failed(ask.docs, told)


def _hits(ask: Ask, text: str) -> list[Hit]:
    search = parse(text, Asker(ask.world, ask.user))
    meant = [one for one in search.asker.readable() if search.covers(one)]
    if search.scopes and not meant:
        raise BadQuery(NOTHING_TO_SEARCH)
    asked = dict(ask.query)
    if asked.get("sort") in SORTS:
        search.sort = f"{asked['sort']}-{asked.get('order', 'desc')}"
    return search.found(meant)


def _item(ask: Ask, hit: Hit) -> dict[str, Any]:
    return issue_json(hit.issue, hit.repository, ask.world, ask.base) | {"score": 1.0}


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
