"""GitHub's REST, typed: alone against api.github.com, or behind our gateway, which speaks the same paths."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

from mcp_kit import gateway
from mcp_kit.call import Call
from pydantic import BaseModel, ValidationError
from service_kit.errors import UpstreamError
from service_kit.http import HttpClient, Reply

from github_mcp.models import Comment, Entry, Found, Issue, Label, Pull, PullFile
from github_mcp.refusals import explain, no_token
from github_mcp.settings import GitHubSettings

NEXT = re.compile(r'<([^<>]*)>\s*;\s*rel="next"')
PAGING = ("per_page", "page", "after")
PAGING_VALUE = re.compile(r"[A-Za-z0-9=_+/.:-]{1,800}")
HEADERS = {
    "accept": "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    "user-agent": "agent-bot-github-mcp",
}
Query = Mapping[str, str | int | None]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of a list: its rows, its own paging parameters, and those of the next one."""

    rows: list[M]
    here: dict[str, str | int]
    next: dict[str, str] | None


class GitHub:
    """GitHub as the tools need it. Refusals come as `ToolFailed`, with the next step.

    Args:
        http: speaks to GITHUB_API_URL.
        token: GitHub's token, or our service token at the gateway.
        gateway: whether the gateway answers, to which the run's task token and the tool's name are sent along.
    """

    def __init__(self, http: HttpClient, *, token: str | None, gateway: bool) -> None:
        self._http = http
        self._token = token
        self._gateway = gateway

    @classmethod
    def of(cls, settings: GitHubSettings) -> "GitHub":
        """Make the client that the settings describe."""
        token = settings.github_token.get_secret_value() if settings.github_token else None
        http = HttpClient(base_url=settings.github_api_url.rstrip("/"), headers=HEADERS, timeout=25.0)
        return cls(http, token=token, gateway=settings.github_gateway)

    async def issues(self, call: Call, repository: str, limit: int, query: Query) -> Page[Issue]:
        """List issues and pull requests."""
        return await self._page(call, Issue, _path(repository, "issues"), limit, query, repository)

    async def issue(self, call: Call, repository: str, number: int) -> Issue:
        """Read an issue."""
        reply = await self._send(call, "GET", _path(repository, "issues", number), f"{repository}#{number}")
        return _read(Issue, reply.json())

    async def create_issue(self, call: Call, repository: str, fields: Mapping[str, Any]) -> Issue:
        """Open an issue."""
        reply = await self._send(call, "POST", _path(repository, "issues"), repository, body=fields, success=201)
        return _read(Issue, reply.json())

    async def update_issue(self, call: Call, repository: str, number: int, fields: Mapping[str, Any]) -> Issue:
        """Change the fields given and leave the others."""
        path, target = _path(repository, "issues", number), f"{repository}#{number}"
        return _read(Issue, (await self._send(call, "PATCH", path, target, body=fields)).json())

    async def comments(self, call: Call, repository: str, number: int, limit: int) -> Page[Comment]:
        """List the comments of an issue or pull request, oldest first."""
        path = _path(repository, "issues", number, "comments")
        return await self._page(call, Comment, path, limit, {}, f"{repository}#{number}")

    async def add_comment(self, call: Call, repository: str, number: int, body: str) -> Comment:
        """Comment on an issue or pull request."""
        path, target = _path(repository, "issues", number, "comments"), f"{repository}#{number}"
        reply = await self._send(call, "POST", path, target, body={"body": body}, success=201)
        return _read(Comment, reply.json())

    async def labels(self, call: Call, repository: str, limit: int) -> Page[Label]:
        """List the repository's labels."""
        return await self._page(call, Label, _path(repository, "labels"), limit, {}, repository)

    async def search(self, call: Call, text: str, limit: int, query: Query) -> tuple[Found, Page[Issue]]:
        """Search issues and pull requests; the text says in which repository."""
        here = _here(call, limit)
        reply = await self._send(call, "GET", "/search/issues", "the search", query={"q": text, **query, **here})
        found = _read(Found, reply.json())
        return found, Page(found.items, here, _next(reply))

    async def pulls(self, call: Call, repository: str, limit: int, query: Query) -> Page[Pull]:
        """List pull requests."""
        return await self._page(call, Pull, _path(repository, "pulls"), limit, query, repository)

    async def pull(self, call: Call, repository: str, number: int) -> Pull:
        """Read a pull request."""
        reply = await self._send(call, "GET", _path(repository, "pulls", number), f"{repository}#{number}")
        return _read(Pull, reply.json())

    async def pull_files(
        self, call: Call, repository: str, number: int, limit: int, query: Query | None = None
    ) -> Page[PullFile]:
        """List the files that a pull request changes, with their patches."""
        path = _path(repository, "pulls", number, "files")
        return await self._page(call, PullFile, path, limit, query or {}, f"{repository}#{number}")

    async def contents(self, call: Call, repository: str, path: str, ref: str | None) -> Entry | list[Entry]:
        """Read a file, or list a folder."""
        where = _path(repository, "contents", *path.split("/")) if path else _path(repository, "contents")
        reply = await self._send(call, "GET", where, f"that path in {repository}", query={"ref": ref})
        data = reply.json()
        return _read_all(Entry, data) if isinstance(data, list) else _read(Entry, data)

    async def check(self) -> None:
        """Raise unless GitHub, or the gateway, answers and takes the token."""
        headers = {"authorization": f"Bearer {self._token}"} if self._token and not self._gateway else None
        reply = await self._http.request(
            "GET", "/ready" if self._gateway else "/rate_limit", headers=headers, timeout=2.5
        )
        if reply.status == 401:
            raise UpstreamError("GitHub refuses GITHUB_TOKEN", status=401)
        if reply.status >= 500:
            raise UpstreamError(f"GITHUB_API_URL answers {reply.status}", status=reply.status)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _page(self, call: Call, model: type[M], path: str, limit: int, query: Query, target: str) -> Page[M]:
        here = _here(call, limit)
        reply = await self._send(call, "GET", path, target, query={**here, **query})
        return Page(_read_all(model, reply.json()), here, _next(reply))

    async def _send(
        self,
        call: Call,
        method: str,
        path: str,
        target: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        success: int = 200,
    ) -> Reply:
        if self._token is None:
            raise no_token()
        headers = {"authorization": f"Bearer {self._token}"}
        if self._gateway:
            headers |= gateway.headers_of(call)
        params = {name: value for name, value in (query or {}).items() if value is not None}
        reply = await self._http.request(method, path, params=params, json=body, headers=headers)
        if self._gateway:
            gateway.heed(reply, call)
        if reply.status != success:
            raise explain(reply, target, gateway=self._gateway)
        return reply


def _path(repository: str, *parts: str | int) -> str:
    return "/".join(["/repos", *repository.split("/"), *(quote(str(part), safe="") for part in parts)])


def _here(call: Call, limit: int) -> dict[str, str | int]:
    asked = {name: value for name, value in call.start.page.items() if name in PAGING}
    return {"per_page": limit, **asked}


def _next(reply: Reply) -> dict[str, str] | None:
    """Take the paging parameters, and nothing else, from the Link to the next page."""
    link = NEXT.search(reply.headers.get("link", ""))
    if link is None:
        return None
    query = parse_qs(urlsplit(link[1]).query)
    found = {name: query[name][-1] for name in PAGING if name in query and PAGING_VALUE.fullmatch(query[name][-1])}
    return found if "page" in found or "after" in found else None


def _read(model: type[M], data: Any) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, item["loc"])) for item in error.errors()[:3])
        raise UpstreamError(f"GitHub's reply is not of the documented form: {places}") from None


def _read_all(model: type[M], data: Any) -> list[M]:
    if not isinstance(data, list):
        raise UpstreamError("GitHub's reply is not a list")
    return [_read(model, item) for item in data]
