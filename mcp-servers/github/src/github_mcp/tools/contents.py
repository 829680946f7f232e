"""Files and folders of a repository."""

import base64
import binascii
import re
from typing import Annotated

from mcp_kit.call import Call
from mcp_kit.errors import Quoted, ToolFailed, WrongArguments
from mcp_kit.reply import Reply, rows, section
from mcp_kit.shown_names import Name, show_name
from mcp_kit.tool import Cursor, tool
from pydantic import Field
from service_kit.untrusted_text import alterations

from github_mcp.client.contents import Contents
from github_mcp.models.commits import SHORT
from github_mcp.models.contents import Entry
from github_mcp.tools.arguments import Repository

CONTROLS = re.compile(r"[\x01-\x08\x0e-\x1f\x7f-\x9f]")
LINE_END = re.compile(r"\r\n|\r|\n")


class ContentTools:
    """The toolset `repos`."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    @tool("repos")
    async def get_file_contents(
        self,
        call: Call,
        repository: Repository,
        path: Annotated[Name, Field(max_length=4_096, description="src/app.py; empty: root folder")] = "",
        ref: Annotated[Name | None, Field(max_length=255, description="Branch, tag or commit")] = None,
        start_line: Annotated[int | None, Field(ge=1, description="First line of a file, from 1")] = None,
        end_line: Annotated[int | None, Field(ge=1, description="Last line")] = None,
        cursor: Cursor = None,
    ) -> Reply:
        """Read a text file or some lines of it, or list a folder, of the default branch or of ref."""
        if start_line and end_line and end_line < start_line:
            raise WrongArguments("end_line is before start_line; nothing was sent.")
        found = await self._contents.read(call, repository, path.strip("/"), ref)
        if isinstance(found, list):
            items = rows(f"entries in {repository}", [entry.row() for entry in found])
            if start_line or end_line:
                raise ToolFailed("That path is a folder, which has no lines.", next_step="Leave the lines out.")
            folder = show_name(path.strip("/")) if path.strip("/") else "the root folder"
            return Reply(
                f"{len(items)} entries of {folder} in {repository}{f' at {show_name(ref)}' if ref else ''}:", items
            )
        raw = _inline(found, repository)
        if raw is None:
            raw = await self._contents.raw(call, repository, path.strip("/"), ref)
        (text, note), lines = _text(raw, found, repository), ""
        if start_line or end_line:
            text, lines = _lines(text, start_line or 1, end_line)
        return Reply(
            f"{lines or 'A file'} of {found.size} bytes in {repository}, sha {found.sha[:SHORT]}{note}:",
            [section(f"file in {repository}", text)],
        )

    @tool("repos")
    async def get_file_blame(
        self,
        call: Call,
        repository: Repository,
        path: Annotated[Name, Field(min_length=1, max_length=4_096)],
        ref: Annotated[Name | None, Field(max_length=255, description="Branch, tag or commit")] = None,
        start_line: Annotated[int | None, Field(ge=1)] = None,
        end_line: Annotated[int | None, Field(ge=1)] = None,
        cursor: Cursor = None,
    ) -> Reply:
        """Tell which commit, by whom and when, wrote the lines of a file, or some of them."""
        if start_line and end_line and end_line < start_line:
            raise WrongArguments("end_line is before start_line; nothing was sent.")
        blame = await self._contents.blame(call, repository, path.strip("/"), ref)
        first, last = start_line or 1, end_line or blame.ranges[-1].last
        found = [one.row() for one in blame.ranges if one.last >= first and one.first <= last]
        if not found:
            raise ToolFailed(f"The file has {blame.ranges[-1].last} lines alone.", next_step="Ask for an earlier line.")
        head = f"{len(found)} ranges of lines of {show_name(path)} in {repository} at {blame.oid[:7]}:"
        return Reply(head, rows(f"blame in {repository}", found))


def _inline(entry: Entry, repository: str) -> bytes | None:
    """Return a file's bytes; None where GitHub gives none beside the facts, as beyond 1 MB."""
    if entry.type != "file":
        named = Quoted("what it points to", entry.points_to) if entry.points_to else None
        raise ToolFailed(
            f"{show_name(entry.path)} in {repository} is a {_kind(entry)}.",
            next_step="Read what it points to instead.",
            quoted=named,
        )
    if entry.encoding != "base64" or entry.content is None:
        return None
    try:
        return base64.b64decode(entry.content)
    except binascii.Error:
        return None


def _text(raw: bytes, entry: Entry, repository: str) -> tuple[str, str]:
    """Return the text of a file, and what of it is not shown as it is."""
    try:
        text, notes = raw.decode("utf-8"), []
    except UnicodeDecodeError:
        text, notes = raw.decode("latin-1"), ["read as Latin-1, as it is no UTF-8"]
    if b"\0" in raw or (notes and CONTROLS.search(text)):
        raise ToolFailed(
            f"{show_name(entry.path)} in {repository} is binary, {entry.size} bytes.", next_step="Do without it."
        )
    notes += alterations(text)
    return text or "(empty)", "".join(f"; {note}" for note in notes)


def _lines(text: str, start: int, end: int | None) -> tuple[str, str]:
    """Return these lines of a file, and which of how many they are."""
    every = LINE_END.split(text)
    every = every if every[-1] else every[:-1]
    if start > len(every):
        raise ToolFailed(f"The file has {len(every)} lines alone.", next_step="Ask for an earlier line.")
    last = min(end or len(every), len(every))
    return "\n".join(every[start - 1 : last]), f"Lines {start} to {last} of {len(every)} of a file"


def _kind(entry: Entry) -> str:
    return entry.type if entry.type in ("symlink", "submodule") else "special entry"
