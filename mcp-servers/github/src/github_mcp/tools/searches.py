"""Finds issues, pull requests, code, repositories and people, in one repository or in all that the caller may use."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from agent_vendors.github import REPOSITORIES, SEARCHES
from mcp_kit.call import Call
from mcp_kit.paging import Page
from mcp_kit.reply import Reply, rows, section
from mcp_kit.search_scope import Confined, confine, confine_to_grant
from mcp_kit.shown_names import Name
from mcp_kit.tool import Cursor, Detail, Limit, Unlisted, tool
from pydantic import Field

from github_mcp.client import searches as client
from github_mcp.client.searches import MOST_FOUND, Searches, Totals
from github_mcp.models.accounts import FoundRepository, FoundUser
from github_mcp.models.commits import FoundFile
from github_mcp.models.threads import Issue, found_items, thread_items
from github_mcp.query import kind_of, scope_query, with_kind
from github_mcp.tools.arguments import FEWER, Repository

Text = Annotated[
    Name,
    Field(max_length=200, description='Words, "phrases", qualifiers: is:open label:bug author:octocat in:title'),
]
Direction = Annotated[Literal["asc", "desc"] | None, Unlisted]
MOST_NAMED = 5


class SearchTools:
    """The toolset `search`, and the searches of the toolsets `issues` and `repos`."""

    def __init__(self, searches: Searches) -> None:
        self._searches = searches

    @tool("issues", checks=True)
    async def search_issues(
        self,
        call: Call,
        query: Text,
        repository: Annotated[Repository | None, Field(description="owner/name; unset: all that may be used")] = None,
        kind: Literal["issue", "pull-request"] | None = None,
        sort: Literal["created", "updated", "comments"] | None = None,
        detail: Detail = "compact",
        limit: Limit = 20,
        cursor: Cursor = None,
        direction: Direction = None,
    ) -> Reply:
        """Search issues or pull requests with GitHub's syntax, best match first. No AND/OR/NOT."""
        found = kind_of(query, kind)
        if repository is None:
            confined = confine_to_grant(SEARCHES, with_kind(query, found), call.caller, REPOSITORIES)
        else:
            confined = Confined([scope_query(query, repository=repository, kind=found)])

        def keep(issue: Issue) -> bool:
            if repository is not None:
                return issue.is_in(repository)
            return call.caller.may_touch(REPOSITORIES, issue.repository)

        totals, page = await self._searches.found(
            call, client.ISSUES, Issue, confined.texts, limit=limit, query=_ordered(sort, direction), keep=keep
        )
        head = _head(f"{found}s", repository, totals, page, confined)
        if repository is None:
            items = found_items(page.rows, f"{found}s", detail)
        else:
            items = thread_items(page.rows, f"{found}s", repository, detail)
        return Reply(head, items, page.here, page.next, FEWER)

    @tool("repos", checks=True)
    async def search_code(
        self,
        call: Call,
        query: Annotated[
            Name,
            Field(max_length=200, description='Words, "phrases"; path:src extension:py filename:app language:go'),
        ],
        repository: Annotated[Repository | None, Field(description="owner/name; unset: all that may be used")] = None,
        detail: Detail = "compact",
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Reply:
        """Search the code of default branches: files with the lines found. No AND/OR/NOT, no regex."""
        if repository is None:
            confined = confine_to_grant(SEARCHES, query, call.caller, REPOSITORIES)
        else:
            confined = Confined([confine(SEARCHES, query, [repository], argument="repository")])

        def keep(file: FoundFile) -> bool:
            if repository is not None:
                return REPOSITORIES.same(file.repository.full_name, repository)
            return call.caller.may_touch(REPOSITORIES, file.repository.full_name)

        totals, page = await self._searches.found(call, client.CODE, FoundFile, confined.texts, limit=limit, keep=keep)
        label = f"code of {repository}" if repository else "code"
        items = [section(label, file.text(detail, named=repository is None)) for file in page.rows]
        head = _head("files", repository, totals, page, confined)
        return Reply(head, items, page.here, page.next, FEWER)

    @tool("search", checks=True)
    async def search_repositories(
        self,
        call: Call,
        query: Annotated[Name, Field(max_length=200, description="Words, qualifiers: topic:cli language:go in:name")],
        sort: Literal["stars", "forks", "updated"] | None = None,
        limit: Limit = 20,
        cursor: Cursor = None,
        direction: Direction = None,
    ) -> Reply:
        """Find repositories among those that the caller may use, best match first."""
        confined = confine_to_grant(SEARCHES, query, call.caller, REPOSITORIES)
        totals, page = await self._searches.found(
            call,
            client.REPOSITORIES,
            FoundRepository,
            confined.texts,
            limit=limit,
            query=_ordered(sort, direction),
            keep=lambda one: call.caller.may_touch(REPOSITORIES, one.full_name),
        )
        head = _head("repositories", None, totals, page, confined)
        return Reply(head, rows("repositories", [one.row() for one in page.rows]), page.here, page.next, FEWER)

    @tool("search", checks=True)
    async def search_users(
        self,
        call: Call,
        query: Annotated[Name, Field(max_length=200, description="Words, qualifiers: type:org location:Oslo in:login")],
        sort: Literal["followers", "repositories", "joined"] | None = None,
        limit: Limit = 20,
        cursor: Cursor = None,
        direction: Direction = None,
    ) -> Reply:
        """Find people and organizations of all GitHub by their public profiles, best match first."""
        totals, page = await self._searches.found(
            call, client.USERS, FoundUser, [query], limit=limit, query=_ordered(sort, direction)
        )
        head = (
            f"{_counted(page, 'accounts', 1)} of {totals.count} accounts found:{_limits(totals, Confined([query]), 0)}"
        )
        return Reply(head, rows("accounts", [one.row() for one in page.rows]), page.here, page.next, FEWER)


def _ordered(sort: str | None, direction: str | None) -> dict[str, str | None]:
    """Return the order as GitHub takes it; without a field to sort by it knows no direction."""
    return {"sort": sort, "order": direction if sort else None}


def _head(things: str, repository: str | None, totals: Totals, page: Page[Any], confined: Confined) -> str:
    """Say how many things were found, where, and what could not be seen."""
    limits = _limits(totals, confined, page.left_out)
    where = repository or _where(confined)
    return f"{_counted(page, things, len(confined.texts))} of {totals.count} {things} found in {where}:{limits}"


def _counted(page: Page[Any], things: str, texts: int) -> str:
    """Say which of the things found are shown: how many of the first, of later ones their numbers.

    Of several texts the total is of those that were sent, so that numbers over all would pass it.
    """
    if texts == 1 and (page.before or page.skipped):
        return page.count(things)
    return str(len(page.rows) - page.skipped)


def _where(confined: Confined) -> str:
    """Say in our words what is searched."""
    names = [name for scope in confined.scopes for name in scope]
    if not names:
        return "all that the token sees"
    return _listed(names) if len(names) <= MOST_NAMED else f"{len(names)} repositories and owners of the grant"


def _limits(totals: Totals, confined: Confined, left_out: int) -> str:
    """Say what could not be seen."""
    said = ["GitHub gave up early; there may be more."] if totals.gave_up else []
    if any(count > MOST_FOUND for count in totals.counts.values()):
        said.append(f"GitHub lists the first {MOST_FOUND:,} alone: a narrower query finds the others.")
    if left_out:
        said.append(f"{left_out} of other repositories were left out.")
    unseen = [name for number in totals.refused for name in confined.scopes[number]]
    if unseen:
        said.append(f"GitHub refused to search {_listed(unseen)}: the token may not see them.")
    if confined.left_out:
        said.append(f"No search can be confined to {_listed(confined.left_out)} of the grant: name a repository.")
    last = max([*totals.counts, *totals.refused], default=0)
    if waiting := [name for scope in confined.scopes[last + 1 :] for name in scope]:
        said.append(f"Not yet searched: {_listed(waiting)}; next_cursor goes on with them.")
    return "".join(f" {one}" for one in said)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
