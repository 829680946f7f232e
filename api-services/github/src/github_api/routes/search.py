"""Searches, which the gateway confines to the grant."""

from agent_vendors.github import REPOSITORIES, SEARCHES
from api_kit import Rate, Route, Search

from github_api.routes.shapes import JSON, PAGE
from github_api.upstream import found_repositories

QUERY = PAGE | {"q", "sort", "order"}
TIERS = {"search": Rate(per_second=2.0, burst=10)}
"""GitHub counts searches apart: 30 a minute for all callers of a token."""


def routes() -> list[Route]:
    """Make the routes."""
    return [
        _within_the_grant("/search/issues"),
        _within_the_grant("/search/repositories"),
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
