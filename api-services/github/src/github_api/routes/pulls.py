"""Pull requests."""

from dataclasses import replace

from api_kit import Route

from github_api.routes.in_repository import JSON, PAGE, PULL, REPO, read

DIFF = tuple(f"application/vnd.github.{form}" for form in ("diff", "patch", "v3.diff", "v3.patch"))


def routes() -> list[Route]:
    """Make the routes."""
    return [
        read(REPO + "/pulls", PAGE | {"state", "head", "base", "sort", "direction"}),
        replace(read(PULL, accepts=JSON + DIFF), opaque=frozenset(DIFF)),
        read(PULL + "/files", PAGE),
        read(PULL + "/commits", PAGE),
    ]
