"""Files and folders of a repository."""

from agent_vendors.github_operations import BLAME
from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed
from mcp_kit.paging import below
from mcp_kit.shown_names import show_name

from github_mcp.client.github import GitHub, path_in
from github_mcp.error_messages import NO_FILE
from github_mcp.models.commits import HEAD
from github_mcp.models.contents import Blame, Entry

MOST_ENTRIES = 1_000
"""Where GitHub's list of a folder ends. Source: "Get repository content" in its REST API reference."""
RAW = "application/vnd.github.raw+json"


class Contents:
    """A repository's files and folders, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def read(self, call: Call, repository: str, path: str, ref: str | None) -> Entry | list[Entry]:
        """Read a file, or list a folder."""
        where = path_in(repository, "contents", *path.split("/")) if path else path_in(repository, "contents")
        target = f"{show_name(path)}{f' at {show_name(ref)}' if ref else ''} in {repository}"
        vendor = self._github.vendor
        reply = await vendor.send(call, "GET", where, target, query={"ref": ref}, meanings=NO_FILE)
        data = reply.json()
        if not isinstance(data, list):
            return vendor.read(Entry, data)
        vendor.heed_ceiling(call, len(data), MOST_ENTRIES)
        return vendor.read_rows(call, Entry, data)

    async def raw(self, call: Call, repository: str, path: str, ref: str | None) -> bytes:
        """Read a file's bytes, as GitHub gives them of files beyond 1 MB, up to 100 MB."""
        where, target = path_in(repository, "contents", *path.split("/")), f"{show_name(path)} in {repository}"
        reply = await self._github.vendor.send(call, "GET", where, target, query={"ref": ref}, accept=RAW)
        return reply.body

    async def blame(self, call: Call, repository: str, path: str, ref: str | None) -> Blame:
        """Tell which commit wrote each line of a file."""
        owner, name = repository.split("/")
        target = f"{show_name(path)}{f' at {show_name(ref)}' if ref else ''} in {repository}"
        asked = {"owner": owner, "name": name, "ref": ref or HEAD, "path": path}
        data = await self._github.ask(call, BLAME, asked, target)
        found = below(data, ("repository", "object"))
        if not isinstance(found, dict) or found.get("__typename") != "Commit":
            raise ToolFailed(f"GitHub knows no such ref for {target}.", next_step="Check ref, or leave it out.")
        blame = self._github.vendor.read(Blame, found)
        if not blame.ranges:
            raise ToolFailed(f"There is no text file {target}.", next_step="get_file_contents lists a folder.")
        return blame
