"""Searches, which the gateway confines to the grant."""

from dataclasses import replace

from agent_vendors.github import REPOSITORIES, SEARCHES
from api_kit import Rate, Route, Search

from github_api.routes.in_repository import JSON, PAGE
from github_api.upstream import found_files, found_repositories

QUERY = PAGE | {"q", "sort", "order"}
TIERS = {"search": Rate(per_second=2.0, burst=10), "code_search": Rate(per_second=1.0, burst=5)}
"""GitHub counts searches apart: 30 a minute for all callers of a token, and 10 of code."""
TEXT_MATCH = ("application/vnd.github.text-match+json", "application/vnd.github.v3.text-match+json")


def routes() -> list[Route]:
    """Make the routes."""
    return [
        _within_the_grant("/search/issues"),
        _within_the_grant("/search/repositories"),
        replace(
            _within_the_grant("/search/code"),
            accepts=JSON + TEXT_MATCH,
            tier="code_search",
            reply_resources=found_files,
        ),
        Route("GET", "/search/users", query=QUERY, accepts=JSON, tier="search"),
    ]


def _within_the_grant(path: str) -> Route:
    """Make a search for things of repositories. One for accounts is not confined: their profiles are public."""
    return Route(
        "GET",
        path,
        query=QUERY,
        accepts=JSON,
        tier="search",
        search=Search(SEARCHES, "q", REPOSITORIES),
        reply_resources=found_repositories,
    )
