"""What services say of a commit, by a branch, a tag or the commit's id: statuses, check runs, annotations."""

from mcp_kit.call import Call
from mcp_kit.paging import Page
from mcp_kit.shown_names import show_name

from github_mcp.client.github import GitHub, path_in
from github_mcp.models.checks import Annotation, CheckRun, CombinedStatus

MOST_STATUSES = 100
"""The most that one page holds; nobody has more contexts."""


class Checks:
    """GitHub's statuses and check runs, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def status(self, call: Call, repository: str, ref: str) -> CombinedStatus:
        """Read the last status of each context of a commit. Check runs do not count in it."""
        path, query = path_in(repository, "commits", ref, "status"), {"per_page": MOST_STATUSES}
        return await self._github.get(call, CombinedStatus, path, _target(repository, ref), query=query)

    async def check_runs(
        self, call: Call, repository: str, ref: str, limit: int, *, check_name: str | None = None
    ) -> Page[CheckRun]:
        """List the check runs of a commit, those of the last attempts."""
        path, query = path_in(repository, "commits", ref, "check-runs"), {"check_name": check_name}
        target = _target(repository, ref)
        return await self._github.page(call, CheckRun, path, target, limit=limit, query=query, rows=("check_runs",))

    async def annotations(self, call: Call, repository: str, check_run: int, limit: int) -> Page[Annotation]:
        """List what a check run says of lines."""
        path = path_in(repository, "check-runs", check_run, "annotations")
        return await self._github.page(call, Annotation, path, f"check run {check_run} of {repository}", limit=limit)


def _target(repository: str, ref: str) -> str:
    return f"{repository} at {show_name(ref)}"
