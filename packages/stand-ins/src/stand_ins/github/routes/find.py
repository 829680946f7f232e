"""The searches for repositories and for accounts, by words and a few qualifiers."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from starlette.responses import JSONResponse, Response

from stand_ins.github import paging
from stand_ins.github.accounts import Role, User
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.qualifiers import scope_of
from stand_ins.github.records import Repository
from stand_ins.github.refusal import validation_failed
from stand_ins.github.routes.search import NOTHING_TO_SEARCH
from stand_ins.github.search import MAX_CHARACTERS
from stand_ins.github.shapes.account import simple_user
from stand_ins.github.shapes.repository import repository_json

QUALIFIER = re.compile(r"([a-z-]+):(\S+)")
Row = TypeVar("Row")


async def search_repositories(ask: Ask) -> Response:
    """Find repositories that the caller may read, by words of their name and description."""
    words, qualifiers = _text(ask)
    readable = [one for one in ask.world.repositories.values() if ask.world.role(one, ask.user) >= Role.read]
    scopes = [scope for key, value in qualifiers if (scope := scope_of(key, value))]
    meant = [one for one in readable if not scopes or any(scope(one) for scope in scopes)]
    if scopes and not meant:
        raise _refused(ask, NOTHING_TO_SEARCH)
    found = [one for one in meant if _has(words, f"{one.full_name} {one.description or ''}")]
    wanted = {value.lower() for key, value in qualifiers if key == "is"}
    found = [one for one in found if wanted <= {"private" if one.private else "public"}]

    def shape(one: Repository) -> dict[str, Any]:
        return repository_json(one, ask.base, ask.world.role(one, ask.user)) | {"score": 1.0}

    return _page(ask, found, shape)


async def search_users(ask: Ask) -> Response:
    """Find accounts by words of their login."""
    words, qualifiers = _text(ask)
    kinds = {value.lower() for key, value in qualifiers if key == "type"}
    found = [
        one for one in ask.world.users.values() if _has(words, one.login) and _kind(one) in (kinds or {_kind(one)})
    ]
    return _page(ask, found, lambda one: simple_user(one, ask.base) | {"score": 1.0})


def _text(ask: Ask) -> tuple[list[str], list[tuple[str, str]]]:
    text = dict(ask.query).get("q", "").strip()
    if not text:
        raise validation_failed(ask.docs, {"resource": "Search", "field": "q", "code": "missing"})
    if len(text) > MAX_CHARACTERS:
        raise _refused(ask, "The search is longer than 256 characters.")
    return QUALIFIER.sub(" ", text).lower().split(), QUALIFIER.findall(text)


def _has(words: Sequence[str], text: str) -> bool:
    return all(word in text.lower() for word in words)


def _kind(user: User) -> str:
    return "org" if user.is_organization else "user"


def _page(ask: Ask, found: Sequence[Row], shape: Callable[[Row], Any]) -> Response:
    page = paging.cut(found, ask.query)
    body = {
        "total_count": len(found),
        "incomplete_results": False,
        "items": [shape(one) for one in page.rows],
    }
    return JSONResponse(body, headers=ask.links(page))


def _refused(ask: Ask, message: str) -> Exception:
    return validation_failed(ask.docs, {"message": message, "resource": "Search", "field": "q", "code": "invalid"})


OPERATIONS = (
    Operation(
        "GET",
        "/search/repositories",
        search_repositories,
        "search/search#search-repositories",
        of_repository=False,
        tier="search",
    ),
    Operation("GET", "/search/users", search_users, "search/search#search-users", of_repository=False, tier="search"),
)
