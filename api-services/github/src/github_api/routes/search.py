"""Searches, which the gateway confines to the grant."""

from agent_vendors.github import REPOSITORIES, SEARCHES
from api_kit import Rate, Route, Search

from github_api.routes.shapes import JSON, PAGE
from github_api.upstream import found_files, found_repositories

TIERS = {"search": Rate(per_second=2.0, burst=10), "code_search": Rate(per_second=1.0, burst=5)}
"""GitHub counts searches apart: 30 a minute for all callers of a token, and 10 of code."""
TEXT_MATCH = ("application/vnd.github.text-match+json", "application/vnd.github.v3.text-match+json")


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
        ),
        Route(
            "GET",
            "/search/code",
            query=PAGE | {"q", "sort", "order"},
            accepts=JSON + TEXT_MATCH,
            tier="code_search",
            search=Search(SEARCHES, "q", REPOSITORIES),
            reply_resources=found_files,
        ),
    ]
