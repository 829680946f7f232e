"""Discussions of a repository, their categories and comments: all by GraphQL."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from agent_vendors.github_discussions import (
    ADD_DISCUSSION_COMMENT,
    COMMENTED_DISCUSSION,
    DISCUSSION,
    DISCUSSION_CATEGORIES,
    DISCUSSION_COMMENTS,
    DISCUSSIONS,
)
from mcp_kit.call import Call
from mcp_kit.errors import Refused, ToolFailed
from mcp_kit.paging import Page, below

from github_mcp.client.github import GitHub
from github_mcp.error_messages import NO_DISCUSSION, NO_DISCUSSION_COMMENT
from github_mcp.models.discussions import Category, Discussion, DiscussionComment
from github_mcp.models.graphql import nodes

ONE = ("repository", "discussion")


class Discussions:
    """GitHub's discussions, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def categories(self, call: Call, repository: str) -> list[Category]:
        """List the categories of a repository's discussions; all of them are read at once."""
        data = await self._github.ask(call, DISCUSSION_CATEGORIES, _of(repository), repository)
        _require_enabled(data, repository)
        rows = nodes(below(data, ("repository", "discussionCategories")))
        return self._github.vendor.read_rows(call, Category, rows)

    async def listed(
        self, call: Call, repository: str, limit: int, asked: Mapping[str, Any]
    ) -> tuple[int, Page[Discussion]]:
        """List discussions; return how many there are, and a page of them."""
        keys, variables = ("repository", "discussions"), {**_of(repository), **asked}
        page, data = await self._github.page_of(
            call, Discussion, DISCUSSIONS, variables, repository, at=partial(below, keys=keys), limit=limit
        )
        _require_enabled(data, repository)
        return int(below(data, (*keys, "totalCount")) or 0), page

    async def read(self, call: Call, repository: str, number: int) -> Discussion:
        """Read a discussion with its answer."""
        variables, target = {**_of(repository), "number": number}, _target(repository, number)
        data = await self._github.ask(call, DISCUSSION, variables, target, meanings=NO_DISCUSSION)
        return self._github.vendor.read(Discussion, below(data, ONE))

    async def comments(
        self, call: Call, repository: str, number: int, limit: int
    ) -> tuple[int, Page[DiscussionComment]]:
        """List the comments of a discussion, the oldest first, each with the replies to it; and say how many."""
        variables, keys = {**_of(repository), "number": number}, (*ONE, "comments")
        page, data = await self._github.page_of(
            call,
            DiscussionComment,
            DISCUSSION_COMMENTS,
            variables,
            _target(repository, number),
            at=partial(below, keys=keys),
            limit=limit,
            meanings=NO_DISCUSSION,
        )
        return int(below(data, (*keys, "totalCount")) or 0), page

    async def comment(
        self, call: Call, repository: str, number: int, body: str, comment: str | None
    ) -> DiscussionComment:
        """Comment on a discussion, or reply to a comment of it. A gateway finds that out, and the id, itself."""
        fields = {"body": body} | ({"comment": comment} if comment else {})
        place: tuple[str | int, ...] = (*repository.split("/"), number)
        target, meanings = _target(repository, number), NO_DISCUSSION_COMMENT if comment else NO_DISCUSSION
        if not self._github.gateway:
            place, fields["discussion"] = (), await self._commented(call, repository, number, comment)
        data = await self._github.ask(call, ADD_DISCUSSION_COMMENT, fields, target, place=place, meanings=meanings)
        return self._github.vendor.read(DiscussionComment, below(data, ("addDiscussionComment", "comment")))

    async def _commented(self, call: Call, repository: str, number: int, comment: str | None) -> str:
        """Return the id of a discussion, of which the comment is that is replied to: an id alone would lead to any."""
        target, meanings = _target(repository, number), NO_DISCUSSION_COMMENT if comment else NO_DISCUSSION
        variables = {**_of(repository), "number": number, "comment": comment or "", "replies": comment is not None}
        data = await self._github.ask(call, COMMENTED_DISCUSSION, variables, target, meanings=meanings)
        found = str(below(data, (*ONE, "id")))
        if comment and below(data, ("node", "discussion", "id")) != found:
            raise Refused(
                f"The comment is of another discussion than {repository}#{number}; nothing was written.",
                next_step="get_discussion_comments shows this one's, each with its id.",
            )
        return found


def _target(repository: str, number: int) -> str:
    return f"discussion {repository}#{number}"


def _of(repository: str) -> dict[str, str]:
    owner, name = repository.split("/")
    return {"owner": owner, "name": name}


def _require_enabled(data: Any, repository: str) -> None:
    if below(data, ("repository", "hasDiscussionsEnabled")) is False:
        raise ToolFailed(f"Discussions are switched off in {repository}.", next_step="Look with list_issues.")
