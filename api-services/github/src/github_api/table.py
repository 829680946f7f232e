"""GitHub's closed table: the routes of all topics."""

from api_kit import Route, Table

from github_api.routes import (
    accounts,
    actions,
    commits,
    discussions,
    files,
    gists,
    graphql,
    issues,
    membership,
    notifications,
    planning,
    projects,
    pull_writes,
    pulls,
    releases,
    repositories,
    reviews,
    search,
    security,
)
from github_api.routes.in_repository import JSON
from github_api.routes.search import TIERS

__all__ = ["TIERS", "table"]


def table() -> Table:
    """Make the table."""
    topics = (
        actions,
        graphql,
        issues,
        planning,
        pulls,
        pull_writes,
        reviews,
        releases,
        repositories,
        files,
        commits,
        search,
        security,
        accounts,
        notifications,
        gists,
        discussions,
        projects,
        membership,
    )
    return Table([*(route for topic in topics for route in topic.routes()), Route("GET", "/rate_limit", accepts=JSON)])
