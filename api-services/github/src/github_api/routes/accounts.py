"""Whose the token is, teams and their members. An organization is opened by a grant for all of its repositories."""

import re

from agent_vendors.github import REPOSITORIES
from api_kit import Json, Resource, Route

from github_api.routes.in_repository import JSON, PAGE

TEAMS = "/orgs/{org:name}/teams"
ORGANIZATION = (Resource(REPOSITORIES, "path", "{org}/*"),)
_ORGANIZATION = re.compile(r"https?://[^/]+/(?:[^/]+/)*orgs/([^/?#]+)/teams/[^/?#]+")


def routes() -> list[Route]:
    """Make the routes."""
    return [
        Route("GET", "/user", accepts=JSON),
        Route(
            "GET",
            "/user/teams",
            query=PAGE,
            accepts=JSON,
            reply_resources=organizations_of,
            reply_kind=REPOSITORIES,
            mixed=True,
        ),
        Route("GET", TEAMS, resources=ORGANIZATION, query=PAGE, accepts=JSON, reply_resources=organizations_of),
        Route("GET", TEAMS + "/{team}/members", resources=ORGANIZATION, query=PAGE | {"role"}, accepts=JSON),
    ]


def organizations_of(document: Json) -> list[str]:
    """Return for each team all that its organization has, as a grant names it; "" for a team of none."""
    found = []
    for team in document if isinstance(document, list) else [document]:
        match = _ORGANIZATION.fullmatch(str(team.get("html_url"))) if isinstance(team, dict) else None
        found.append(f"{match[1]}/*" if match else "")
    return found
