"""Issues, comments and labels."""

from functools import partial
from typing import Annotated, Any, Literal

from mcp_kit.call import Call
from mcp_kit.errors import Quoted, ToolFailed, WrongArguments
from mcp_kit.formatting import Moment, beginning, quote
from mcp_kit.paging import fill
from mcp_kit.reply import Reply, rows, section
from mcp_kit.shown_names import Name, find_known, show_name
from mcp_kit.tool import Cursor, Detail, Limit, tool
from pydantic import Field

from github_mcp.client.issues import MOST_FOUND, Issues
from github_mcp.models.threads import Issue, thread_items
from github_mcp.query import scope_query
from github_mcp.tools.arguments import FEWER, IssueNumber, Repository

LONG_TEXT = 1_500
"""Characters of a comment or body that are shown of one in compact form."""
LEAST_ASKED, MOST_ASKED = 20, 10
"""Rows of a page of GitHub's, and pages for one list of issues, which GitHub mixes with pull requests."""


class IssueTools:
    """The toolset `issues`."""

    def __init__(self, issues: Issues) -> None:
        self._issues = issues

    @tool("issues")
    async def list_issues(
        self,
        call: Call,
        repository: Repository,
        state: Literal["open", "closed", "all"] = "open",
        labels: Annotated[list[Name] | None, Field(description="Has all of these")] = None,
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
        shown = len(page.rows) - call.start.skip
        head = f"{shown} issues of {repository} (state {state}, {direction} by {sort}):"
        if page.next and shown < limit:
            head += f" GitHub's list held {page.left_out} pull requests up to here; next_cursor goes on behind them."
        return Reply(head, thread_items(page.rows, "issues", repository, detail), page.here, page.next, FEWER)

    @tool("issues")
    async def search_issues(
        self,
        call: Call,
        repository: Repository,
        query: Annotated[
            Name,
            Field(
                max_length=200, description='Words, "phrases", qualifiers: is:open label:bug author:octocat in:title'
            ),
        ],
        kind: Literal["issue", "pull-request"] = "issue",
        sort: Literal["created", "updated", "comments"] | None = None,
        detail: Detail = "compact",
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Reply:
        """Search a repository's issues or pull requests with GitHub's syntax, best match first. No AND/OR/NOT."""
        text = scope_query(query, repository=repository, kind=kind)
        found, page = await self._issues.search(call, text, limit, {"sort": sort})
        issues = [issue for issue in page.rows if issue.is_in(repository)]
        partly = " GitHub gave up early; there may be more." if found.incomplete_results else ""
        if found.total_count > MOST_FOUND:
            partly += f" GitHub lists the first {MOST_FOUND:,} alone: a narrower query finds the others."
        if elsewhere := len(page.rows) - len(issues):
            partly += f" {elsewhere} of other repositories were left out."
        counted = page.count(f"{kind}s") if page.before else str(len(issues))
        head = f"{counted} of {found.total_count} {kind}s found in {repository}:{partly}"
        return Reply(head, thread_items(issues, f"{kind}s", repository, detail), page.here, page.next, FEWER)

    @tool("issues")
    async def issue_read(
        self,
        call: Call,
        repository: Repository,
        issue: IssueNumber,
        method: Annotated[
            Literal["get", "get_comments"], Field(description="get: facts and body; get_comments: oldest first")
        ] = "get",
        detail: Annotated[
            Literal["compact", "full"] | None, Field(description="Unset: whole body, beginnings of comments")
        ] = None,
        since: Annotated[Moment | None, Field(description="Comments updated after")] = None,
        limit: Limit = 30,
        cursor: Cursor = None,
    ) -> Reply:
        """Read one issue, or the comments of an issue or pull request."""
        target = f"{repository}#{issue}"
        if method == "get_comments":
            page = await self._issues.comments(call, repository, issue, limit, since)
            most = None if detail == "full" else LONG_TEXT
            items = [section(f"comment {one.id} of {target}", one.text(most)) for one in page.rows]
            after = f" since {since}" if since else ""
            head = (
                f"{page.count('comments')} of {target}{after}:" if items else f"{target} has no comments here{after}."
            )
            return Reply(head, items, page.here, page.next)
        if since:
            raise WrongArguments("since goes with method=get_comments; nothing was sent.")
        found = await self._issues.read(call, repository, issue)
        more = f" issue_read with method=get_comments gives its {found.comments} comments." if found.comments else ""
        facts = rows(f"facts of {target}", [found.row(excerpt=0)])
        body = found.body or "(no body)"
        shown = beginning(body, LONG_TEXT) if detail == "compact" else body
        return Reply(f"{target}:{more}", [*facts, section(f"body of {target}", shown)])

    @tool("issues", writes=True, destructive=True)
    async def issue_write(
        self,
        call: Call,
        repository: Repository,
        method: Literal["create", "update"],
        issue: Annotated[int | None, Field(ge=1, description="For update")] = None,
        title: Annotated[str | None, Field(min_length=1, max_length=256)] = None,
        body: Annotated[str | None, Field(max_length=65_000, description="Markdown")] = None,
        labels: Annotated[
            list[Name] | None,
            Field(max_length=50, description="Replaces all: repeat those to keep. Unknown names are created"),
        ] = None,
        state: Literal["open", "closed"] | None = None,
        state_reason: Literal["completed", "not_planned", "duplicate", "reopened"] | None = None,
        assignees: Annotated[list[Name] | None, Field(max_length=10, description="Logins; replaces all")] = None,
    ) -> Reply:
        """Create an issue, or update one: fields left out stay. Take labels from list_labels."""
        asked = {"title": title, "body": body, "labels": labels, "assignees": assignees}
        asked |= {"state": state, "state_reason": state_reason}
        fields = {name: value for name, value in asked.items() if value is not None}
        if method == "create":
            if issue is not None or title is None or state == "closed" or state_reason is not None:
                raise WrongArguments("create needs a title, and neither issue nor a state; nothing was sent.")
            fields.pop("state", None)
            await self._know_labels(call, repository, fields)
            written = await self._issues.create(call, repository, fields)
        else:
            if issue is None or not fields:
                raise WrongArguments("update needs issue and at least one field; nothing was sent.")
            await self._know_labels(call, repository, fields)
            written = await self._issues.update(call, repository, issue, fields)
        target, done = f"{repository}#{written.number}", "created" if method == "create" else "updated"
        _demand(written, fields, f"{target} was {done}")
        return Reply(f"{target} was {done}; it is now:", rows(f"facts of {target}", [written.row(excerpt=0)]))

    async def _know_labels(self, call: Call, repository: str, fields: dict[str, Any]) -> None:
        """Put the repository's own labels in the place of their lookalikes, of which GitHub would make new labels."""
        if fields.get("labels"):
            known = [label.name for label in await self._issues.all_labels(call, repository)]
            fields["labels"] = find_known(fields["labels"], known, fold=str.lower, what="label")

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
    async def list_labels(self, call: Call, repository: Repository, limit: Limit = 100, cursor: Cursor = None) -> Reply:
        """List the labels that a repository has, with their descriptions."""
        page = await self._issues.labels(call, repository, limit)
        items = rows(f"labels of {repository}", [label.row() for label in page.rows])
        return Reply(f"{page.count('labels')} of {repository}:", items, page.here, page.next)


def _demand(written: Issue, fields: dict[str, Any], done: str) -> None:
    """Raise unless what was asked for is in GitHub's own reply: it drops labels and more without push access."""
    missing: list[str] = []
    for name, real in (
        ("labels", [label.name for label in written.labels]),
        ("assignees", [user.login for user in written.assignees]),
    ):
        wanted = {item.casefold() for item in fields.get(name, real)}
        is_now = {item.casefold() for item in real}
        if wanted - is_now:
            missing.append(f"{name} not set: " + " ".join(map(show_name, sorted(wanted - is_now))))
        if is_now - wanted:
            missing.append(f"{name} not removed: " + " ".join(map(show_name, sorted(is_now - wanted))))
    for name, now in (("state", written.state), ("title", written.title)):
        if fields.get(name, now) != now:
            missing.append(f"{name} is still {quote(now)}")
    if missing:
        raise ToolFailed(
            f"{done}, but GitHub did not do all of it.",
            quoted=Quoted("what was not done", "\n".join(missing)),
            next_step="Do not repeat it: the token probably lacks push access. Say what was not set.",
        )
