"""The search over the files of all repositories' default branches."""

from typing import Any

from starlette.responses import JSONResponse, Response

from stand_ins.github import paging
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.code_search import CodeSearch, parse
from stand_ins.github.records import Repository
from stand_ins.github.refusal import Refusal, requires_authentication
from stand_ins.github.routes.search import NOTHING_TO_SEARCH, REACHABLE, refused, text_of
from stand_ins.github.search_values import Asker, BadQuery
from stand_ins.github.shapes.code import found_file

TEXT_MATCH = "text-match"


async def search_code(ask: Ask) -> Response:
    """Search files, the best fits first."""
    if ask.user is None:
        raise requires_authentication(ask.docs)
    try:
        search = parse(text_of(ask), Asker(ask.world, ask.user))
        hits = _hits(ask, search)
    except BadQuery as error:
        raise refused(ask, error) from None
    page = paging.cut(hits[:REACHABLE], ask.query)
    if page.start >= REACHABLE:
        raise Refusal(422, "Only the first 1000 search results are available", docs=ask.docs)
    with_matches = TEXT_MATCH in ask.request.headers.get("accept", "")
    items: list[dict[str, Any]] = [
        found_file(path, repository, ask.base, search.words if with_matches else None) for path, repository in page.rows
    ]
    body = {"total_count": len(hits), "incomplete_results": False, "items": items}
    return JSONResponse(body, headers=ask.links(page))


def _hits(ask: Ask, search: CodeSearch) -> list[tuple[str, Repository]]:
    meant = [one for one in Asker(ask.world, ask.user).readable() if search.covers(one)]
    if search.scopes and not meant:
        raise BadQuery(NOTHING_TO_SEARCH)
    hits = [(path, one) for one in meant for path, content in one.files.items() if search.matches(path, content)]
    return sorted(hits, key=lambda hit: (-search.rank(hit[1].files[hit[0]]), hit[0]))


OPERATIONS = (
    Operation("GET", "/search/code", search_code, "search/search#search-code", of_repository=False, tier="code_search"),
)
