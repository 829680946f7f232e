"""Searches, which the gateway confines to the grant."""

from agent_vendors.github import REPOSITORIES, SEARCHES
from api_kit import Rate, Route, Search

from github_api.routes.shapes import JSON, PAGE
from github_api.upstream import found_repositories

TIERS = {"search": Rate(per_second=2.0, burst=10)}
"""GitHub counts searches apart: 30 a minute for all callers of a token."""


def routes() -> list[Route]:
    """Make the routes."""
    return [
        Route(
            "GET",
            "/search/issues",
            query=PAGE | {"q", "sort", "order"},
            accepts=JSON,
            tier="search",
            search=Search(SEARCHES, "q", REPOSITORIES),
            reply_resources=found_repositories,
        )
    ]
