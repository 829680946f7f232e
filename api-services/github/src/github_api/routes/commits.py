"""The history of a repository: commits, branches, tags, refs, trees and comparisons."""

from api_kit import Route

from github_api.routes.in_repository import PAGE, REPO, read

COMMITS_QUERY = PAGE | {"sha", "path", "author", "committer", "since", "until"}


def routes() -> list[Route]:
    """Make the routes."""
    return [
        read(REPO + "/commits", COMMITS_QUERY),
        read(REPO + "/commits/{ref:ref}", PAGE),
        read(REPO + "/branches", PAGE | {"protected"}),
        read(REPO + "/tags", PAGE),
        read(REPO + "/git/ref/{ref:ref}"),
        read(REPO + "/git/trees/{tree:ref}", frozenset({"recursive"})),
        read(REPO + "/compare/{refs:ref}", PAGE),
    ]
