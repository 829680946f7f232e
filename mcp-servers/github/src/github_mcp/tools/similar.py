"""Finds issues that are like another, for triage."""

from typing import Annotated

from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed, WrongArguments
from mcp_kit.reply import Reply, rows
from mcp_kit.tool import tool
from pydantic import Field

from github_mcp.client.issues import Issues
from github_mcp.client.searches import ISSUES, Searches
from github_mcp.models.threads import Issue
from github_mcp.query import scope_query
from github_mcp.similarity import keywords, rank, weigh
from github_mcp.tools.arguments import Repository

SEARCHES = 3
RECENT = 100
LEAST_LIKENESS = 0.08


class SimilarTools:
    """The tool of the toolset `issues` that needs more than one question."""

    def __init__(self, issues: Issues, searches: Searches) -> None:
        self._issues = issues
        self._searches = searches

    @tool("issues")
    async def find_similar_issues(
        self,
        call: Call,
        repository: Repository,
        issue: Annotated[int | None, Field(ge=1, description="Like this issue")] = None,
        text: Annotated[str | None, Field(max_length=4_000, description="Or like this text")] = None,
        limit: Annotated[int, Field(ge=1, le=20)] = 5,
    ) -> Reply:
        """Find open and closed issues that may be duplicates, most alike first, with a likeness of 0 to 1."""
        if (issue is None) == (text is None):
            raise WrongArguments("Give either issue or text; nothing was sent.")
        title, body = text or "", ""
        if issue is not None:
            given = await self._issues.read(call, repository, issue)
            title, body = given.title, given.body or ""
        candidates, note = await self._candidates(call, repository, title, body)
        found = [one for one in candidates if one.number != issue]
        scores = rank(weigh(title, body), [weigh(one.title, one.body or "") for one in found])
        alike = sorted(zip(scores, found, strict=True), key=lambda pair: (-pair[0], -pair[1].number))
        shown = [f"likeness {score:.2f} {one.row()}" for score, one in alike if score >= LEAST_LIKENESS][:limit]
        head = f"{len(shown)} of {len(found)} issues compared in {repository} are alike:{note}"
        return Reply(head, rows(f"issues of {repository}", shown))

    async def _candidates(self, call: Call, repository: str, title: str, body: str) -> tuple[list[Issue], str]:
        """Return the issues updated last and those that the strongest words find; a refused search is only noted."""
        query = {"state": "all", "sort": "updated", "direction": "desc"}
        issues = (await self._issues.listed(call, repository, RECENT, query)).rows
        words = keywords(title, body, SEARCHES)
        note = "" if words else " There are no words to search by."
        for word in words:
            text = scope_query(word, repository=repository, kind="issue")
            try:
                _, page = await self._searches.found(call, ISSUES, Issue, [text], limit=30)
            except ToolFailed as refusal:
                note = f" Only those updated last were compared. {refusal.message}"
                break
            issues += [one for one in page.rows if one.is_in(repository)]
        return list({one.number: one for one in issues if one.pull_request is None}.values()), note
