"""GitHub's closed table: the routes of all topics."""

from api_kit import Route, Table

from github_api.routes import graphql, issues, pulls, releases, repositories, search
from github_api.routes.search import TIERS
from github_api.routes.shapes import JSON

__all__ = ["TIERS", "table"]


def table() -> Table:
    """Make the table."""
    topics = (graphql, issues, pulls, releases, repositories, search)
    return Table([*(route for topic in topics for route in topic.routes()), Route("GET", "/rate_limit", accepts=JSON)])
