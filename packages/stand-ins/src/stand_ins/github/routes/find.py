"""The searches for repositories and for accounts, by words and a few qualifiers."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from starlette.responses import JSONResponse, Response

from stand_ins.github import paging
from stand_ins.github.accounts import User
from stand_ins.github.ask import Ask, Operation
from stand_ins.github.records import Repository
from stand_ins.github.routes.search import NOTHING_TO_SEARCH, refused, text_of
from stand_ins.github.search import MAX_CHARACTERS
from stand_ins.github.search_values import (
    Asker,
    BadQuery,
    NotAnswered,
    Scope,
    date_test,
    endings_of,
    is_githubs,
    is_written_in,
)
from stand_ins.github.shapes.account import simple_user
from stand_ins.github.shapes.repository import repository_json

TOKEN = re.compile(r'(?:"[^"]*"|[^\s"])+')
Row = TypeVar("Row")


async def search_repositories(ask: Ask) -> Response:
    """Find repositories that the caller may read, by words of their name and description."""
    asker = Asker(ask.world, ask.user)
    scopes: list[Scope] = []
    tests: list[Callable[[Repository], bool]] = []

    def qualify(key: str, value: str) -> bool:
        scope, test = asker.scope(key, value), _repository_test(key, value)
        scopes.extend([scope] if scope else [])
        tests.extend([test] if test else [])
        return bool(scope or test)

    try:
        words = _words(text_of(ask), qualify)
        meant = [one for one in asker.readable() if not scopes or any(scope(one) for scope in scopes)]
        if scopes and not meant:
            raise BadQuery(NOTHING_TO_SEARCH)
    except BadQuery as error:
        raise refused(ask, error) from None
    found = [one for one in meant if _has(words, f"{one.full_name} {one.description or ''}")]
    found = [one for one in found if all(test(one) for test in tests)]

    def shape(one: Repository) -> dict[str, Any]:
        return repository_json(one, ask.base, ask.world.role(one, ask.user)) | {"score": 1.0}

    return _page(ask, found, shape)


async def search_users(ask: Ask) -> Response:
    """Find accounts by words of their login."""
    tests: list[Callable[[User], bool]] = []

    def qualify(key: str, value: str) -> bool:
        test = _user_test(key, value)
        tests.extend([test] if test else [])
        return test is not None

    try:
        words = _words(text_of(ask), qualify)
    except BadQuery as error:
        raise refused(ask, error) from None
    found = [one for one in ask.world.users.values() if _has(words, one.login) and all(test(one) for test in tests)]
    return _page(ask, found, lambda one: simple_user(one, ask.base) | {"score": 1.0})


def _repository_test(key: str, value: str) -> Callable[[Repository], bool] | None:
    word = f"{key}:{value.lower()}"
    if word in ("is:public", "is:private"):
        return lambda one: one.private == (word == "is:private")
    if word in ("archived:true", "archived:false"):
        return lambda one: one.archived == (word == "archived:true")
    if key == "created":
        within = date_test(value)
        return lambda one: within(one.created_at)
    if key == "language":
        endings_of(value)
        return lambda one: is_written_in(one, value)
    return None


def _user_test(key: str, value: str) -> Callable[[User], bool] | None:
    word = f"{key}:{value.lower()}"
    if word in ("type:user", "type:org"):
        return lambda one: one.is_organization == (word == "type:org")
    if key in ("user", "org"):
        return lambda one: one.login.lower() == value.lower()
    if word == "in:login":
        return lambda _: True
    if key == "created":
        within = date_test(value)
        return lambda one: within(one.created_at)
    return None


def _words(text: str, qualify: Callable[[str, str], bool]) -> list[str]:
    """Return the plain words of a text, its qualifiers taken out.

    Raises:
        BadQuery: it is too long, or a qualifier has no answer here.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadQuery("The search is longer than 256 characters.")
    words: list[str] = []
    for token in TOKEN.findall(text):
        name, _, value = token.partition(":")
        key = name.lower()
        if not value or not is_githubs(key.removeprefix("-")):
            words.append(token.strip('"').lower())
        elif not qualify(key, value.strip('"')):
            raise NotAnswered(token)
    return words


def _has(words: Sequence[str], text: str) -> bool:
    return all(word in text.lower() for word in words)


def _page(ask: Ask, found: Sequence[Row], shape: Callable[[Row], Any]) -> Response:
    page = paging.cut(found, ask.query)
    body = {
        "total_count": len(found),
        "incomplete_results": False,
        "items": [shape(one) for one in page.rows],
    }
    return JSONResponse(body, headers=ask.links(page))


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
