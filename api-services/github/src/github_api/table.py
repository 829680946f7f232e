"""GitHub's closed table: the routes of all topics."""

from api_kit import Route, Table

from github_api.routes import accounts, graphql, issues, planning, pulls, repositories, reviews, search
from github_api.routes.search import TIERS
from github_api.routes.shapes import JSON

__all__ = ["TIERS", "table"]


def table() -> Table:
    """Make the table."""
    topics = (graphql, issues, planning, pulls, reviews, repositories, search, accounts)
    return Table([*(route for topic in topics for route in topic.routes()), Route("GET", "/rate_limit", accepts=JSON)])
