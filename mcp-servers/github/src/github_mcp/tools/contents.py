"""Files and folders of a repository."""

import base64
import binascii
from typing import Annotated

from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed
from mcp_kit.formatting import quote
from mcp_kit.names import Name
from mcp_kit.reply import Reply, rows, section
from mcp_kit.tool import Cursor, tool
from pydantic import Field

from github_mcp.client import GitHub
from github_mcp.models import Entry
from github_mcp.tools.arguments import Repository


class ContentTools:
    """The toolset `repos`."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    @tool("repos")
    async def get_file_contents(
        self,
        call: Call,
        repository: Repository,
        path: Annotated[Name, Field(max_length=4_096, description="src/app.py; empty: root folder")] = "",
        ref: Annotated[Name | None, Field(max_length=255, description="Branch, tag or commit")] = None,
        cursor: Cursor = None,
    ) -> Reply:
        """Read a text file, or list a folder, of the default branch or of ref."""
        found = await self._github.contents(call, repository, path.strip("/"), ref)
        if isinstance(found, list):
            items = rows(f"entries in {repository}", [entry.row() for entry in found])
            return Reply(f"{len(items)} entries of that folder in {repository}:", items)
        text = _text(found, repository)
        return Reply(f"A file of {found.size} bytes in {repository}:", [section(f"file in {repository}", text)])


def _text(entry: Entry, repository: str) -> str:
    if entry.type != "file":
        raise ToolFailed(
            f"{quote(entry.path)} in {repository} is a {_kind(entry)}.", next_step="Read what it points to instead."
        )
    if entry.encoding != "base64" or entry.content is None:
        raise ToolFailed(
            f"{quote(entry.path)} in {repository} has {entry.size} bytes: GitHub gives no content beyond 1 MB.",
            next_step="Do without it.",
        )
    try:
        raw = base64.b64decode(entry.content)
        if b"\0" in raw:
            raise ValueError
        return raw.decode("utf-8") or "(empty)"
    except (ValueError, binascii.Error):
        raise ToolFailed(
            f"{quote(entry.path)} in {repository} is binary, {entry.size} bytes.", next_step="Do without it."
        ) from None


def _kind(entry: Entry) -> str:
    return entry.type if entry.type in ("symlink", "submodule") else "special entry"
