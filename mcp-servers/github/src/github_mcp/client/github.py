"""GitHub as every topic asks it: alone at api.github.com, or behind our gateway, which speaks the same paths."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from agent_vendors.github import GITHUB, REPOSITORIES
from agent_vendors.graphql_operation import Operation
from mcp_kit.call import Call
from mcp_kit.cursor import Position
from mcp_kit.error_messages import MEANINGS as USUAL_MEANINGS
from mcp_kit.error_messages import Meaning, wrong_base
from mcp_kit.moves import Fetch, Moves
from mcp_kit.paging import CursorPaging, LinkPaging, Page, below, made_page
from mcp_kit.text_download import TextDownload
from mcp_kit.vendor_client import Query, VendorClient
from mcp_kit.vendor_document import VendorDocument
from mcp_kit.vendor_path import VendorPath, path_of
from pydantic import BaseModel
from service_kit.http import Reply

from github_mcp.app_token import installation
from github_mcp.error_messages import MEANINGS
from github_mcp.graphql_answer import Answer
from github_mcp.rate_limit import limit_of
from github_mcp.refusal import explain
from github_mcp.settings import GitHubSettings

MOST_PAGES = 30
"""As many pages are read of a list that is read whole."""
BY_ID = re.compile(r"/repositories/([1-9][0-9]{0,17})(?:/|$)")
MOVED = USUAL_MEANINGS[301]
PAGES = LinkPaging(pointers=("page", "after"), size="per_page", number="page")
CURSORS = CursorPaging(pointer="after", size="first", found=())
HEADERS = {
    "accept": "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    "user-agent": "agent-bot-github-mcp",
}
M = TypeVar("M", bound=BaseModel)


class Node(VendorDocument):
    """What REST tells of a thing for GraphQL: its id there."""

    node_id: str


class GitHub:
    """Sends requests, and reads replies into models; refusals come as `ToolFailed`, as of `VendorClient`."""

    def __init__(self, settings: GitHubSettings) -> None:
        self.app = installation(settings)
        self.vendor = VendorClient(
            settings,
            name=GITHUB.title,
            command=GITHUB.mcp,
            headers=HEADERS,
            meanings=MEANINGS,
            explain=explain,
            moves=Moves(REPOSITORIES, _present_name),
            renewing=self.app.renewing if self.app else None,
            limit_of=limit_of,
        )
        described = GitHubSettings.model_fields["api_url"].description or ""
        self.wrong_base = {404: wrong_base(settings.variable("api_url"), described)}
        """What a 404 means of a path that is there for every token."""
        self.gateway = settings.gateway
        self._graphql = _graphql_of(settings.api_url)
        self.text = TextDownload(self.vendor, settings)

    async def get(
        self,
        call: Call,
        model: type[M],
        path: VendorPath,
        target: str,
        *,
        query: Query | None = None,
        meanings: Mapping[int, Meaning] | None = None,
    ) -> M:
        """Read one thing."""
        reply = await self.vendor.send(call, "GET", path, target, query=query, meanings=meanings)
        return self.vendor.read(model, reply.json())

    async def page(
        self,
        call: Call,
        model: type[M],
        path: VendorPath,
        target: str,
        *,
        limit: int,
        query: Query | None = None,
        rows: Sequence[str] = (),
        ceiling: int | None = None,
        meanings: Mapping[int, Meaning] | None = None,
    ) -> Page[M]:
        """Read the page of a list at which the call's cursor points; see `VendorClient.page`."""
        return await self.vendor.page(
            call, model, PAGES, path, target, limit=limit, query=query, rows=rows, ceiling=ceiling, meanings=meanings
        )

    async def send(
        self,
        call: Call,
        method: str,
        path: VendorPath,
        target: str,
        *,
        body: Mapping[str, Any] | None = None,
        success: int | tuple[int, ...] = 200,
        meanings: Mapping[int, Meaning] | None = None,
    ) -> Reply:
        """Write something, and return GitHub's reply."""
        return await self.vendor.send(call, method, path, target, body=body, success=success, meanings=meanings)

    async def write(
        self,
        call: Call,
        model: type[M],
        method: str,
        path: VendorPath,
        target: str,
        *,
        body: Mapping[str, Any] | None = None,
        success: int = 200,
        meanings: Mapping[int, Meaning] | None = None,
    ) -> M:
        """Write something, and read what it is now."""
        reply = await self.send(call, method, path, target, body=body, success=success, meanings=meanings)
        return self.vendor.read(model, reply.json())

    async def ask(
        self,
        call: Call,
        operation: Operation,
        variables: Mapping[str, Any],
        target: str,
        *,
        place: Sequence[str | int] = (),
        meanings: Mapping[int, Meaning] | None = None,
    ) -> Any:
        """Ask by a GraphQL operation, and return its `data`. What GitHub answered in part is said in a note.

        `place` is what a gateway's path names behind the operation, as the discussion that is commented on.

        Raises:
            ToolFailed: GitHub refused all of it, which it says with the status 200.
        """
        reads = not operation.writes
        if self.gateway:
            path = path_of(f"/graphql/{{}}{'/{}' * len(place)}", operation.name, *place)
            reply = await self.vendor.send(call, "POST", path, target, body=variables, reads=reads)
        else:
            body = {"query": operation.text, "variables": variables}
            reply = await self.vendor.send(call, "POST", self._graphql, target, body=body, reads=reads)
        return self._answered(call, reply, target, meanings)

    async def write_node(
        self, call: Call, operation: Operation, path: VendorPath, fields: Mapping[str, Any], target: str
    ) -> Any:
        """Write the thing at a REST path by a GraphQL operation of its `node`, whose id a gateway reads itself.

        Returns:
            The thing that was written, as the operation answers it; None where GitHub wrote nothing.

        Raises:
            ToolFailed: as `ask`.
        """
        if self.gateway:
            where = VendorPath(f"{path}/graphql/{operation.name}")
            reply = await self.vendor.send(call, "POST", where, target, body=fields or None)
        else:
            node = (await self.get(call, Node, path, target)).node_id
            body = {"query": operation.text, "variables": {**fields, "node": node}}
            reply = await self.vendor.send(call, "POST", self._graphql, target, body=body)
        (payload,) = (self._answered(call, reply, target) or {"": None}).values()
        (thing,) = (payload or {"": None}).values()
        return thing

    def _answered(self, call: Call, reply: Reply, target: str, meanings: Mapping[int, Meaning] | None = None) -> Any:
        answer = self.vendor.read(Answer, reply.json())
        if answer.errors and answer.lacks:
            found = (meanings or {}).get(answer.status) or answer.meaning(target)
            raise self.vendor.refusal(call, found, target, reply, status=answer.status, quoted=answer.quoted)
        name = below(answer.data, ("repository", "nameWithOwner"))
        if isinstance(name, str) and not call.caller.may_touch(REPOSITORIES, name):
            # GraphQL follows a renamed repository without a word
            raise self.vendor.refusal(call, MOVED, target, reply, status=301)
        call.notes.extend(answer.notes)
        return answer.data

    async def page_of(
        self,
        call: Call,
        model: type[M],
        operation: Operation,
        variables: Mapping[str, Any],
        target: str,
        *,
        at: Callable[[Any], Any],
        limit: int,
        meanings: Mapping[int, Meaning] | None = None,
    ) -> tuple[Page[M], Any]:
        """Read the page of a GraphQL list at which the call's cursor points, and return it with all of the answer.

        `at` finds the list in the answer.
        """
        here = CURSORS.here(call, limit)
        data = await self.ask(call, operation, {**variables, **here}, target, meanings=meanings)
        found = at(data) or {}
        nodes = found.get("nodes") or []
        rows = self.vendor.read_rows(call, model, nodes)
        info = found.get("pageInfo") or {}
        more = Position.of({"first": here["first"], "after": info["endCursor"]}) if info.get("hasNextPage") else None
        return made_page(CURSORS, call, here, more, rows, len(nodes)), data

    async def check(self) -> None:
        """Raise unless GitHub, or the gateway, answers and takes the token."""
        await self.vendor.check("/rate_limit")

    async def aclose(self) -> None:
        """Close all connections."""
        await self.vendor.aclose()
        await self.text.aclose()


def path_in(repository: str, *parts: str | int) -> VendorPath:
    """Return the path of something in a repository."""
    return path_of(f"/repos/{{}}/{{}}{'/{}' * len(parts)}", *repository.split("/"), *parts)


def _graphql_of(api_url: str) -> VendorPath:
    """Return where GraphQL is: beside REST, but at /api/graphql of an Enterprise server, whose REST is at /api/v3.

    Source: docs.github.com/en/enterprise-server/graphql/guides/forming-calls-with-graphql.
    """
    root = api_url.rstrip("/").removesuffix("/v3")
    return VendorPath(f"{root}/graphql" if root.endswith("/api") else "/graphql")


async def _present_name(location: str, fetch: Fetch) -> str | None:
    """Ask whose id GitHub's redirect from an old name holds: `/repositories/ID/...`."""
    found = BY_ID.search(location)
    repository = await fetch(path_of("/repositories/{}", found[1])) if found else None
    name = repository.get("full_name") if isinstance(repository, dict) else None
    return name if isinstance(name, str) else None
