"""A repository, and its files."""

from dataclasses import replace

from agent_vendors.github import REPOSITORIES
from api_kit import Body, Resource, Route

from github_api.probes import repositories as probes
from github_api.routes.in_repository import JSON, REPO, read, write

RAW = tuple(f"application/vnd.github.{form}" for form in ("raw", "raw+json", "v3.raw", "v3.raw+json"))
"""A file's own bytes: `+json` says nothing of them."""
TREE = tuple(f"application/vnd.github.{form}" for form in ("object", "object+json"))
RENDERED = "application/vnd.github.html+json"
"""Not given of files: it is a page, which no tool reads."""
FILE = (*(media for media in JSON if media not in (*RAW, RENDERED)), *TREE, *RAW)
CONTENTS = REPO + "/contents"


def routes() -> list[Route]:
    """Make the routes."""
    return [read(REPO), _fork(), _file(CONTENTS), _file(CONTENTS + "/"), _file(CONTENTS + "/{path:file}")]


def _fork() -> Route:
    """Make the fork, which makes a repository: its name must be in the grant too."""
    route = write("POST", REPO + "/forks", "fork_repository", Body(frozenset({"organization", "name"})))
    return replace(
        route,
        access="danger",
        resources=(
            *route.resources,
            Resource(REPOSITORIES, "lookup", lookup=probes.repository_of_fork),
            Resource(REPOSITORIES, "lookup", lookup=probes.name_that_is_free),
        ),
        idempotent=True,
        verify_reply=lambda asked, reply: None,
        probe=probes.FORKED,
        read_before=probes.parent_before,
    )


def _file(path: str) -> Route:
    return replace(read(path, frozenset({"ref"}), FILE), opaque=frozenset(RAW))
