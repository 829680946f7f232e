"""Branches and files to write."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import quote

from mcp_kit.call import Call
from mcp_kit.errors import DryRun, ToolFailed, WrongArguments
from mcp_kit.reply import Reply, rows
from mcp_kit.shown_names import Name, show_name
from mcp_kit.tool import tool
from pydantic import BaseModel, ConfigDict, Field

from github_mcp.client.files import Files
from github_mcp.models.addresses import shown_address
from github_mcp.models.commits import HEAD, SHORT
from github_mcp.models.contents import Entry
from github_mcp.tools.arguments import Ref, Repository

PLAIN = "100644"
"""The mode of an ordinary file. A file that is there keeps its own."""
LEAST_DIGITS = 7
UNPROCESSABLE = 422

FilePath = Annotated[Name, Field(min_length=1, max_length=4_096)]
Text = Annotated[str, Field(max_length=700_000, description="Whole new text")]
Message = Annotated[str, Field(min_length=1, max_length=65_000, description="Of the commit")]
BlobSha = Annotated[
    str | None, Field(min_length=LEAST_DIGITS, max_length=40, description="Of the file now, by get_file_contents")
]


class FileText(BaseModel):
    """A file, and its new text."""

    model_config = ConfigDict(extra="forbid")

    path: FilePath
    content: Annotated[str, Field(max_length=700_000)]


class FileTools:
    """The writes of the toolset `repos`."""

    def __init__(self, files: Files) -> None:
        self._files = files

    @tool("repos", writes=True, idempotent=True)
    async def create_branch(
        self,
        call: Call,
        repository: Repository,
        branch: Ref,
        from_ref: Annotated[Ref, Field(description="Branch, tag or commit")] = HEAD,
    ) -> Reply:
        """Create a branch at the default branch's newest commit, or at from_ref."""
        commit = await self._files.head(call, repository, from_ref)
        try:
            await self._files.make_branch(call, repository, branch, commit.sha)
            done = "was created"
        except ToolFailed as refusal:
            if refusal.status != UNPROCESSABLE or not await self._is_at(call, repository, branch, commit.sha):
                raise
            done = "was there already, and is"
        url = commit.html_url.replace(f"/commit/{commit.sha}", f"/tree/{quote(branch)}")
        at = f"{show_name(branch)} of {repository} {done} at {commit.sha[:SHORT]}"
        return Reply(f"{at}{shown_address(url)}", rows(f"commit of {repository}", [commit.row()]))

    @tool("repos", writes=True, destructive=True)
    async def create_or_update_file(
        self,
        call: Call,
        repository: Repository,
        path: FilePath,
        content: Text,
        message: Message,
        branch: Ref,
        sha: BlobSha = None,
    ) -> Reply:
        """Write one file in a commit; one that is there needs its sha. Several files: push_files."""
        path = _plain_path(path)
        raw, file = content.encode(), await self._files.file(call, repository, path, branch)
        if file is not None and file.sha == _blob(raw):
            return Reply(f"{show_name(path)} on {show_name(branch)} is so already; nothing was written.")
        known = _present_sha(file, path, branch, sha)
        fields = {"message": message, "content": base64.b64encode(raw).decode(), "branch": branch}
        made = await self._files.put(call, repository, path, fields | ({"sha": known} if known else {}))
        done = "updated" if known else "created"
        return Reply(f"{show_name(path)} was {done} on {show_name(branch)} of {repository} by commit {made.words}")

    @tool("repos", writes=True, destructive=True, danger=True)
    async def delete_file(
        self,
        call: Call,
        repository: Repository,
        path: FilePath,
        message: Message,
        branch: Ref,
        sha: BlobSha = None,
    ) -> Reply:
        """Delete one file in a commit."""
        path = _plain_path(path)
        file = await self._files.file(call, repository, path, branch)
        if file is None:
            raise ToolFailed(
                f"{show_name(path)} is no file on {show_name(branch)}; nothing was deleted.",
                next_step="Check the path: get_repository_tree lists files.",
            )
        known = _present_sha(file, path, branch, sha or file.sha)
        fields = {"message": message, "sha": known, "branch": branch}
        made = await self._files.delete(call, repository, path, fields)
        return Reply(f"{show_name(path)} was deleted on {show_name(branch)} of {repository} by commit {made.words}")

    @tool("repos", writes=True, destructive=True)
    async def push_files(
        self,
        call: Call,
        repository: Repository,
        branch: Annotated[Ref, Field(description="That exists; see create_branch")],
        files: Annotated[list[FileText], Field(min_length=1, max_length=100, description="With whole new texts")],
        message: Message,
    ) -> Reply:
        """Write several files in one commit on a branch, over what is there. All or none are seen."""
        paths = [_plain_path(file.path) for file in files]
        if len(set(paths)) < len(paths):
            raise WrongArguments("files names a path twice; nothing was sent.")
        head = await self._files.head(call, repository, f"heads/{branch}")
        if head.commit.tree is None:
            raise ToolFailed(f"GitHub gives no tree of {show_name(branch)}.", next_step="Do without it.")
        base = await self._files.tree(call, repository, head.commit.tree.sha)
        modes = {entry.path: entry.mode for entry in base.tree if entry.type == "blob"}
        entries = [
            {"path": path, "mode": modes.get(path, PLAIN), "type": "blob", "content": file.content}
            for path, file in zip(paths, files, strict=True)
        ]
        try:
            with _changing_no_file():
                tree = await self._files.make_tree(call, repository, base.sha, entries)
        except DryRun as unsent:
            raise await self._shown(call, repository, branch, unsent, message, head.sha) from None
        if tree == base.sha:
            return Reply(f"{show_name(branch)} of {repository} holds these texts already; nothing was written.")
        fields = {"message": message, "tree": tree, "parents": [head.sha]}
        with _changing_no_file():
            made = await self._files.make_commit(call, repository, fields)
        await self._move(call, repository, branch, made.sha)
        said = [f"{'updated' if path in modes else 'created'} {show_name(path)}" for path in paths]
        if base.truncated:
            call.notes.append("The tree is too large to be read whole: a file that was executable may not be so now.")
        text = f"{len(files)} files were written to {show_name(branch)} of {repository} by commit {made.words}"
        return Reply(text, rows(f"files of {repository}", said))

    async def _shown(self, call: Call, repository: str, branch: str, tree: DryRun, message: str, parent: str) -> DryRun:
        """Return what shows the tree of a dry run, and the commit and the branch's move that would follow it."""
        shown = [tree]
        commit = {"message": message, "tree": "(the tree made above)", "parents": [parent]}
        for step in (
            self._files.make_commit(call, repository, commit),
            self._files.move_branch(call, repository, branch, "(the commit made above)"),
        ):
            try:
                await step
            except DryRun as one:
                shown.append(one)
        return DryRun.joined(shown)

    async def _is_at(self, call: Call, repository: str, branch: str, sha: str) -> bool:
        """Return whether a branch is there and points to a commit."""
        try:
            return (await self._files.head(call, repository, f"heads/{branch}")).sha == sha
        except ToolFailed:
            return False

    async def _move(self, call: Call, repository: str, branch: str, sha: str) -> None:
        try:
            await self._files.move_branch(call, repository, branch, sha)
        except ToolFailed as refusal:
            if refusal.status != UNPROCESSABLE:
                refusal.message += " Only this last step, which moves the branch, changes files: all of them or none."
                raise
            raise ToolFailed(
                f"GitHub did not move {show_name(branch)} of {repository} (422): no file was changed.",
                quoted=refusal.quoted,
                next_step="If it moved meanwhile, read it and call again; if it is protected, push to another branch "
                "and open a pull request.",
            ) from None


@contextmanager
def _changing_no_file() -> Iterator[None]:
    """Say in a failure of a step before the branch moves that no file was changed."""
    try:
        yield
    except ToolFailed as failure:
        failure.message += " No file was changed."
        raise


def _present_sha(file: Entry | None, path: str, branch: str, given: str | None) -> str | None:
    """Return the id of a file's present content, which the caller gave to say what it has read; None for a new file."""
    where = f"{show_name(path)} on {show_name(branch)}"
    if file is None:
        if given is not None:
            raise ToolFailed(f"{where} is not there; nothing was written.", next_step="Leave sha out to create it.")
        return None
    if given is None or not file.sha.startswith(given.lower()):
        raise ToolFailed(
            f"{where} has the sha {file.sha[:SHORT]}; nothing was written.",
            next_step="Read it with get_file_contents, and give that sha to replace it.",
        )
    return file.sha


def _plain_path(path: str) -> str:
    plain = path.strip("/")
    if not plain:
        raise WrongArguments("path names no file; nothing was sent.")
    return plain


def _blob(raw: bytes) -> str:
    """Return git's id of a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
