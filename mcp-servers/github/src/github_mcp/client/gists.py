"""Gists: lists of a person's, one with its files, making and changing one."""

from collections.abc import Mapping
from typing import Any

from mcp_kit.call import Call
from mcp_kit.paging import Page
from mcp_kit.vendor_client import Query
from mcp_kit.vendor_path import path_of

from github_mcp.client.github import GitHub
from github_mcp.error_messages import NO_GISTS, NOT_OUR_GIST
from github_mcp.models.gists import Gist


class Gists:
    """GitHub's gists, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    @property
    def gateway(self) -> bool:
        """Whether a gateway holds the grant."""
        return self._github.gateway

    async def listed(self, call: Call, owner: str | None, limit: int, query: Query) -> Page[Gist]:
        """List the gists of the token's account, or the public ones of a person."""
        path, target = path_of("/gists"), "gists of the token's account"
        if owner is not None:
            path, target = path_of("/users/{}/gists", owner), f"gists of {owner}"
        return await self._github.page(call, Gist, path, target, limit=limit, query=query, meanings=NO_GISTS)

    async def read(self, call: Call, gist: str) -> Gist:
        """Read a gist with its files."""
        return await self._github.get(call, Gist, path_of("/gists/{}", gist), f"gist {gist}", meanings=NO_GISTS)

    async def create(self, call: Call, fields: Mapping[str, Any]) -> Gist:
        """Make a gist."""
        path = path_of("/gists")
        return await self._github.write(
            call, Gist, "POST", path, "a new gist", body=fields, success=201, meanings=NO_GISTS
        )

    async def update(self, call: Call, gist: Gist, fields: Mapping[str, Any]) -> Gist:
        """Change a gist; of a public one the gateway is told that it is, as it holds what is public for danger."""
        body = {**fields, "public": True} if gist.public and self.gateway else fields
        path, target = path_of("/gists/{}", gist.id), f"gist {gist.id}"
        return await self._github.write(call, Gist, "PATCH", path, target, body=body, meanings=NOT_OUR_GIST)
