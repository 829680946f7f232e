"""Reads and writes in a repository, of which the routes of all topics are made: media types, paths and queries."""

from dataclasses import replace

from agent_vendors.github import REPOSITORIES
from api_kit import Body, Resource, Route, markdown

from github_api.upstream import repositories_of

JSON = (
    "application/vnd.github+json",
    "application/json",
    "application/vnd.github.v3+json",
    "application/vnd.github.raw+json",
    "application/vnd.github.text+json",
    "application/vnd.github.html+json",
    "application/vnd.github.full+json",
    "application/vnd.github.symmetra-preview+json",
    "application/vnd.github.sailor-v-preview+json",
)
"""JSON with bodies in any form; the last two are asked for by ordinary clients and change nothing any more."""
REPO = "/repos/{owner:name}/{repo:name}"
ISSUE = REPO + "/issues/{number:number}"
PULL = REPO + "/pulls/{number:number}"
TARGET_REPO = "{owner}/{repo}"
TARGET_NUMBER = "{owner}/{repo}#{number}"
PAGE = frozenset({"per_page", "page"})
TEXTS = {"body": markdown}


def read(path: str, query: frozenset[str] = frozenset(), accepts: tuple[str, ...] = JSON) -> Route:
    """Make a read in a repository, which the path names, and each thing of the reply too."""
    resources = (Resource(REPOSITORIES, "path", TARGET_REPO),)
    return Route("GET", path, resources=resources, query=query, accepts=accepts, reply_resources=repositories_of)


def write(method: str, path: str, tool: str, body: Body | None) -> Route:
    """Make a write in a repository: on the issue or pull request that the path names, or on the repository."""
    target = TARGET_NUMBER if "{number" in path else TARGET_REPO
    return replace(read(path), method=method, access="write", tools=frozenset({tool}), body=body, target=target)
