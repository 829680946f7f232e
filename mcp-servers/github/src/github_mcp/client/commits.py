"""The history of a repository: commits, branches, tags, trees and comparisons."""

from mcp_kit.call import Call
from mcp_kit.error_messages import Meaning
from mcp_kit.paging import Page, next_page
from mcp_kit.shown_names import show_name
from mcp_kit.vendor_client import Query

from github_mcp.client.github import PAGES, GitHub, path_in
from github_mcp.models.commits import Commit, Comparison, Parent, Pointer, Tree, TreeEntry
from github_mcp.models.pulls import PullFile

MOST_FILES = 300
"""Where GitHub ends the files of a comparison. Source: "Compare two commits" in its REST API reference."""
NO_REF: dict[int, Meaning] = {
    404: (
        "{vendor} knows no {target}, or the token may not see it (404).",
        "Check the name: list_branches and list_commits give what is there, list_tags (toolset releases) the tags.",
    ),
    409: ("{target} cannot be read: the repository is empty (409).", "Leave it."),
}
NO_REFS: dict[int, Meaning] = {
    **NO_REF,
    404: (
        "Of {target} one is not there, or both, or share no history, or the token may not see them (404).",
        NO_REF[404][1],
    ),
}


class Commits:
    """GitHub's commits and what points to them, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def listed(self, call: Call, repository: str, limit: int, query: Query) -> Page[Commit]:
        """List commits, the latest first."""
        path, ref = path_in(repository, "commits"), query.get("sha")
        target = f"{show_name(str(ref))} in {repository}" if ref else repository
        return await self._github.page(call, Commit, path, target, limit=limit, query=query, meanings=NO_REF)

    async def read(self, call: Call, repository: str, ref: str, limit: int = 1) -> tuple[Commit, Page[PullFile]]:
        """Read a commit with the page of its files at which the call's cursor points."""
        here = PAGES.here(call, limit)
        path, target = path_in(repository, "commits", ref), f"{show_name(ref)} in {repository}"
        vendor = self._github.vendor
        reply = await vendor.send(call, "GET", path, target, query=here, meanings=NO_REF)
        commit = vendor.read_listing(call, Commit, reply.json(), parents=Parent, files=PullFile)
        following = next_page(PAGES, call, here, reply, None, len(commit.files))
        return commit, Page(commit.files, here, following, PAGES.before(here), skipped=call.start.skip)

    async def branches(self, call: Call, repository: str, limit: int) -> Page[Pointer]:
        """List branches by name."""
        return await self._github.page(call, Pointer, path_in(repository, "branches"), repository, limit=limit)

    async def tags(self, call: Call, repository: str, limit: int) -> Page[Pointer]:
        """List tags, the last by name first."""
        return await self._github.page(call, Pointer, path_in(repository, "tags"), repository, limit=limit)

    async def tree(self, call: Call, repository: str, ref: str, *, recursive: bool) -> Tree:
        """Read the tree of a commit: what lies directly in it, or all that is below."""
        path, target = path_in(repository, "git", "trees", ref), f"{show_name(ref)} in {repository}"
        query = {"recursive": "1"} if recursive else {}
        vendor = self._github.vendor
        reply = await vendor.send(call, "GET", path, target, query=query, meanings=NO_REF)
        return vendor.read_listing(call, Tree, reply.json(), tree=TreeEntry)

    async def compare(
        self, call: Call, repository: str, base: str, head: str, limit: int
    ) -> tuple[Comparison, Page[Commit]]:
        """Compare two refs, with the page of commits at which the call's cursor points."""
        here = PAGES.here(call, limit)
        path = path_in(repository, "compare", f"{base}...{head}")
        target = f"{show_name(base)} and {show_name(head)} in {repository}"
        vendor = self._github.vendor
        reply = await vendor.send(call, "GET", path, target, query=here, meanings=NO_REFS)
        found = vendor.read_listing(call, Comparison, reply.json(), commits=Commit, files=PullFile)
        vendor.heed_ceiling(call, len(found.files or ()), MOST_FILES)
        following = next_page(PAGES, call, here, reply, None, len(found.commits))
        return found, Page(found.commits, here, following, PAGES.before(here), skipped=call.start.skip)
