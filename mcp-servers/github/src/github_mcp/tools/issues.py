"""Issues, comments and labels."""

import re
from functools import partial
from typing import Annotated, Literal

from agent_vendors.github import REPOSITORIES
from mcp_kit.call import Call
from mcp_kit.errors import WrongArguments
from mcp_kit.formatting import Moment, beginning
from mcp_kit.paging import Page, fill
from mcp_kit.reply import Reply, rows, section
from mcp_kit.shown_names import Name, find_known, show_name
from mcp_kit.tool import Cursor, Detail, Limit, Unlisted, tool
from pydantic import Field

from github_mcp.client.issues import Issues
from github_mcp.client.planning import Planning
from github_mcp.models.threads import Comment, found_items, thread_items
from github_mcp.tools.arguments import FEWER, IssueNumber, Repository, narrowed, require_method

SHA = re.compile(r"[0-9a-f]{40,64}")
LONG_TEXT = 1_500
"""Characters of a comment or body that are shown of one in compact form."""
LEAST_ASKED, MOST_ASKED = 20, 10
"""Rows of a page of GitHub's, and pages for one list of issues, which GitHub mixes with pull requests."""


class IssueTools:
    """The toolset `issues`."""

    def __init__(self, issues: Issues, planning: Planning) -> None:
        self._issues = issues
        self._planning = planning

    @tool("issues")
    async def list_issues(
        self,
        call: Call,
        repository: Repository,
        state: Literal["open", "closed", "all"] = "open",
        labels: Annotated[list[Name] | None, Field(max_length=50, description="Has all of these")] = None,
        assignee: Annotated[Name | None, Field(description="Login, none or *")] = None,
        creator: Name | None = None,
        since: Annotated[Moment | None, Field(description="Updated after, 2026-01-31T09:30Z")] = None,
        sort: Literal["created", "updated", "comments"] = "created",
        direction: Literal["asc", "desc"] = "desc",
        detail: Detail = "compact",
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Reply:
        """List a repository's issues (no pull requests), newest first. To find by words use search_issues."""
        if any("," in label for label in labels or ()):
            raise WrongArguments(
                "GitHub takes a comma in a label for the end of the label; nothing was sent.",
                next_step='Use search_issues with label:"...".',
            )
        query = {
            "state": state,
            "labels": ",".join(labels) if labels else None,
            "assignee": assignee,
            "creator": creator,
            "since": since,
            "sort": sort,
            "direction": direction,
        }
        ask = partial(self._issues.listed, repository=repository, limit=max(limit, LEAST_ASKED), query=query)
        page = await fill(call, ask, lambda issue: issue.pull_request is None, limit=limit, most=MOST_ASKED)
        only = narrowed({"labels": labels, "assignee": assignee, "creator": creator, "since": since})
        head = f"{page.count('issues')} of {repository} (state {state}, {direction} by {sort}{only}):"
        if page.next and len(page.rows) - page.skipped < limit:
            head += f" GitHub's list held {page.left_out} pull requests up to here; next_cursor goes on behind them."
        return Reply(head, thread_items(page.rows, "issues", repository, detail), page.here, page.next, FEWER)

    @tool("issues")
    async def issue_read(
        self,
        call: Call,
        repository: Repository,
        issue: IssueNumber,
        method: Annotated[
            Literal["get", "get_comments", "get_sub_issues", "get_parent", "get_pull_requests"],
            Field(description="get: facts and body; get_pull_requests: that close or mention it"),
        ] = "get",
        detail: Annotated[
            Literal["compact", "full"] | None, Field(description="Unset: whole body, beginnings of comments")
        ] = None,
        since: Annotated[Moment | None, Field(description="Comments updated after")] = None,
        limit: Limit = 30,
        cursor: Cursor = None,
    ) -> Reply:
        """Read one issue, what belongs to it, or the comments of an issue or pull request."""
        target = f"{repository}#{issue}"
        if method == "get_comments":
            page = await self._issues.comments(call, repository, issue, limit, since)
            return comments_reply(page, target, f" since {since}" if since else "", whole=detail == "full")
        require_method(method, "get_comments", since=since)
        if method == "get_sub_issues":
            return await self._sub_issues(call, repository, issue, limit, detail or "compact")
        if method == "get_parent":
            parent = await self._planning.parent(call, repository, issue)
            found = [parent] if call.caller.may_touch(REPOSITORIES, parent.repository) else []
            head = (
                f"{target} is a sub-issue of:" if found else f"The parent of {target} is outside this caller's grant."
            )
            return Reply(head, found_items(found, "parent", detail or "compact"))
        if method == "get_pull_requests":
            return await self._pull_requests(call, repository, issue, detail or "compact")
        read = await self._issues.read(call, repository, issue)
        more = f" issue_read with method=get_comments gives its {read.comments} comments." if read.comments else ""
        facts = rows(f"facts of {target}", [read.row(excerpt=0)])
        body = read.body or "(no body)"
        shown = beginning(body, LONG_TEXT) if detail == "compact" else body
        return Reply(f"{target}:{more}", [*facts, section(f"body of {target}", shown)])

    async def _sub_issues(self, call: Call, repository: str, issue: int, limit: int, detail: str) -> Reply:
        page = await self._planning.sub_issues(call, repository, issue, limit)
        shown = [one for one in page.rows if call.caller.may_touch(REPOSITORIES, one.repository)]
        left_out = len(page.rows) - len(shown)
        more = f" {left_out} outside this caller's grant were left out." if left_out else ""
        head = f"{page.count('sub-issues', hidden=left_out)} of {repository}#{issue}, in their order:{more}"
        return Reply(head, found_items(shown, "sub-issues", detail), page.here, page.next, FEWER)

    async def _pull_requests(self, call: Call, repository: str, issue: int, detail: str) -> Reply:
        events, is_whole = await self._planning.timeline(call, repository, issue)
        mentions = [one.source.issue for one in events if one.source and one.source.issue]
        pulls = {(one.repository, one.number): one for one in mentions if one.pull_request is not None}
        seen = [one for one in pulls.values() if call.caller.may_touch(REPOSITORIES, one.repository)]
        closing = [one for one in seen if one.says_it_closes(repository, issue)]
        others = [one for one in seen if one not in closing]
        commits = [one.commit_id for one in events if one.event == "closed" and one.commit_id]
        head = f"{len(seen)} pull requests mention {repository}#{issue}; {len(closing)} of them say that they close it."
        if commits and SHA.fullmatch(commits[-1]):
            head += f" It was closed by the commit {commits[-1]}."
        head += " A link that a person made by hand is not told here."
        if not is_whole:
            head += " Only its first events were read."
        items = [*found_items(closing, "say that they close it", detail), *found_items(others, "mention it", detail)]
        return Reply(head, items)

    @tool("issues", writes=True)
    async def add_issue_comment(
        self,
        call: Call,
        repository: Repository,
        issue: Annotated[int, Field(ge=1, description="Issue or pull request")],
        body: Annotated[str, Field(min_length=1, max_length=65_000, description="Markdown")],
    ) -> Reply:
        """Comment on an issue or pull request. Not repeatable: a second call makes a second comment."""
        comment = await self._issues.add_comment(call, repository, issue, body)
        where = f": {comment.address}" if comment.address else "."
        return Reply(f"Comment {comment.id} was added to {repository}#{issue}{where}")

    @tool("issues")
    async def list_labels(
        self,
        call: Call,
        repository: Repository,
        limit: Limit = 100,
        cursor: Cursor = None,
        name: Annotated[Name | None, Unlisted] = None,
    ) -> Reply:
        """List the labels that a repository has, with their descriptions."""
        if name is not None:
            known = await self._issues.all_labels(call, repository)
            (one,) = find_known([name], [label.name for label in known], fold=str.lower, what="label")
            found = [label.row() for label in known if label.name == one]
            head = f"One label of {repository}:" if found else f"{repository} has no label {show_name(name)}."
            return Reply(head, rows(f"labels of {repository}", found))
        page = await self._issues.labels(call, repository, limit)
        items = rows(f"labels of {repository}", [label.row() for label in page.rows])
        return Reply(f"{page.count('labels')} of {repository}:", items, page.here, page.next)


def comments_reply(page: Page[Comment], target: str, after: str, *, whole: bool) -> Reply:
    """Show a page of the comments of an issue or pull request, each whole or its beginning."""
    most = None if whole else LONG_TEXT
    items = [section(f"comment {one.id} of {target}", one.text(most)) for one in page.rows]
    any_before = items or page.before
    head = f"{page.count('comments')} of {target}{after}:" if any_before else f"{target} has no comments here{after}."
    return Reply(head, items, page.here, page.next)
