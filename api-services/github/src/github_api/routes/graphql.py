"""GitHub's GraphQL, as the operations that the server uses: each at `/graphql/{its name}`, its variables the body.

The path of a thread that is settled names its pull request, too: a thread's id alone would lead to any.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from agent_vendors.github import REPOSITORIES, SEARCHES
from agent_vendors.github_operations import (
    BLAME,
    FOUND_PULL_REQUESTS,
    PULL_REQUEST,
    PULL_REQUESTS,
    RESOLVE_THREAD,
    REVIEW_THREADS,
    THREAD_OF,
    UNRESOLVE_THREAD,
    VISIBILITY,
)
from agent_vendors.graphql_operation import Operation
from api_kit import Body, Call, Fetch, Json, Probe, Resource, Route, Search
from api_kit.graphql import PATH, operation
from api_kit.json_paths import find, steps

from github_api.routes.in_repository import JSON, TARGET_NUMBER, write

TIER = "graphql"
IN_REPOSITORY = (Resource(REPOSITORIES, "body", "{owner}/{name}"),)
OF_PULL = frozenset({"owner", "name", "number"})
PAGE = frozenset({"first", "after"})
OF_THREAD = "{owner:name}/{repo:name}/{number:number}"
ORDER = frozenset({"order.field", "order.direction"})


def routes() -> list[Route]:
    """Make the routes."""
    return [
        ask(PULL_REQUESTS, {"owner", "name", "states", "base", "head", *ORDER, *PAGE}),
        replace(
            ask(FOUND_PULL_REQUESTS, {"query", *PAGE}),
            resources=(),
            search=Search(SEARCHES, "query", REPOSITORIES, "body"),
            reply_resources=partial(named_in, "data.search.nodes[]"),
        ),
        ask(PULL_REQUEST, OF_PULL | PAGE | {"full"}),
        ask(REVIEW_THREADS, OF_PULL | PAGE),
        ask(BLAME, {"owner", "name", "ref", "path"}),
        ask(VISIBILITY, {"owner", "name"}),
        _resolve(RESOLVE_THREAD, resolved=True),
        _resolve(UNRESOLVE_THREAD, resolved=False),
    ]


def ask(asked: Operation, variables: set[str] | frozenset[str]) -> Route:
    """Make a read in a repository, which the variables `owner` and `name` and the reply name."""
    return Route(
        "POST",
        f"{PATH}/{asked.name}",
        resources=IN_REPOSITORY,
        body=Body(frozenset(variables)),
        accepts=JSON,
        tier=TIER,
        reply_resources=partial(named_in, "data.repository"),
        send=operation(asked.text, TIER),
    )


def _resolve(asked: Operation, *, resolved: bool) -> Route:
    async def find_out(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
        thread = await _thread(call, fetch)
        return {"thread": thread} if thread is not None and thread.get("isResolved") is resolved else None

    def missing(body: Json, reply: Json) -> str | None:
        is_now = find(reply, steps(f"data.{asked.name[0].lower()}{asked.name[1:-6]}ReviewThread.thread.isResolved"))
        return None if list(is_now) == [resolved] else f"the thread is not {'' if resolved else 'un'}resolved"

    path, body = f"{PATH}/{asked.name}/{OF_THREAD}", Body(frozenset({"thread"}))
    route = write("POST", path, "pull_request_review_write", body)
    return replace(
        route,
        resources=(*route.resources, Resource(REPOSITORIES, "lookup", lookup=_repository_of_thread)),
        tier=TIER,
        idempotent=True,
        target=TARGET_NUMBER + " thread {thread}",
        reply_resources=None,
        verify_reply=missing,
        probe=Probe(find_out),
        read_before=_thread,
        send=operation(asked.text, TIER),
    )


async def _thread(call: Call, fetch: Fetch) -> dict[str, Any] | None:
    """Read a thread with its pull request; None where that is another than the path names."""
    document = await fetch(PATH, {"query": THREAD_OF.text, "variables": call.body})
    (found,) = find(document, steps("data.node"))
    if not isinstance(found, dict) or found.get("__typename") != "PullRequestReviewThread":
        return None
    named, (number,) = "{owner}/{repo}".format_map(call.path), find(found, steps("pullRequest.number"))
    of = named_in("pullRequest.repository", found)
    fits = str(number) == call.path["number"] and all(REPOSITORIES.same(named, one) for one in of)
    return found if of and fits else None


async def _repository_of_thread(call: Call, fetch: Fetch) -> Sequence[str]:
    thread = await _thread(call, fetch)
    return named_in("pullRequest.repository", thread) if thread else []


def named_in(place: str, document: Json) -> list[str]:
    """Return the name of each repository at a place; "" for what has none. What GitHub left out is not there."""
    found = [one for one in find(document, steps(place)) if one is not None]
    return [str(_repository(one).get("nameWithOwner") or "") for one in found if one != {"__typename": "Issue"}]


def _repository(thing: Json) -> dict[str, Any]:
    if not isinstance(thing, dict):
        return {}
    inner = thing.get("repository", thing)
    return inner if isinstance(inner, dict) else {}
