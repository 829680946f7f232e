"""A repository, and its files."""

from dataclasses import replace

from api_kit import Route

from github_api.routes.in_repository import JSON, REPO, read

RAW = tuple(f"application/vnd.github.{form}" for form in ("raw", "raw+json", "v3.raw", "v3.raw+json"))
"""A file's own bytes: `+json` says nothing of them."""
TREE = tuple(f"application/vnd.github.{form}" for form in ("object", "object+json"))
RENDERED = "application/vnd.github.html+json"
"""Not given of files: it is a page, which no tool reads."""
FILE = (*(media for media in JSON if media not in (*RAW, RENDERED)), *TREE, *RAW)
CONTENTS = REPO + "/contents"


def routes() -> list[Route]:
    """Make the routes."""
    return [read(REPO), _file(CONTENTS), _file(CONTENTS + "/"), _file(CONTENTS + "/{path:file}")]


def _file(path: str) -> Route:
    return replace(read(path, frozenset({"ref"}), FILE), opaque=frozenset(RAW))
