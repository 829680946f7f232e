"""The history of a repository: commits that each hold the whole tree, branches and tags that point to them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import SequenceMatcher
from operator import attrgetter

from stand_ins.github.accounts import User
from stand_ins.github.patches import make_patch

SHORTEST_SHA = 7


def sha_of(*parts: str) -> str:
    """Make a stable 40-digit id out of names."""
    return hashlib.sha1("\0".join(parts).encode(), usedforsecurity=False).hexdigest()


def blob_sha(content: bytes) -> str:
    """Compute git's id of a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@dataclass
class ChangedFile:
    """A changed file; `patch` starts with its first hunk, and is absent for a binary file."""

    filename: str
    status: str
    patch: str | None
    previous_filename: str | None = None

    @property
    def additions(self) -> int:
        """Lines added by the patch."""
        return _count(self.patch, "+")

    @property
    def deletions(self) -> int:
        """Lines removed by the patch."""
        return _count(self.patch, "-")


@dataclass
class Commit:
    """A commit, with all files as they were then."""

    sha: str
    parents: tuple[str, ...]
    message: str
    author: User
    at: datetime
    files: dict[str, bytes]

    @property
    def tree_sha(self) -> str:
        """The id of its tree."""
        return tree_sha(self.files)


def tree_sha(files: Mapping[str, bytes]) -> str:
    """Make an id of a tree that is the same for the same files."""
    return sha_of("tree", *(f"{path} {blob_sha(content)}" for path, content in sorted(files.items())))


@dataclass
class History:
    """All commits of a repository by their ids, and what points to them; `trees` are those that no commit has yet."""

    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    trees: dict[str, Mapping[str, bytes]] = field(default_factory=dict)

    def add(
        self,
        branch: str,
        *,
        message: str,
        author: User,
        at: datetime,
        files: Mapping[str, bytes],
        parents: Sequence[str] | None = None,
    ) -> Commit:
        """Put a commit on a branch, by default on top of what is there."""
        if parents is None:
            parents = [self.branches[branch]] if branch in self.branches else []
        made = self.make(message=message, author=author, at=at, files=files, parents=parents)
        self.branches[branch] = made.sha
        return made

    def make(
        self, *, message: str, author: User, at: datetime, files: Mapping[str, bytes], parents: Sequence[str]
    ) -> Commit:
        """Make a commit that no branch has yet."""
        sha = sha_of(message, author.login, str(at), tree_sha(files), *parents)
        made = self.commits[sha] = Commit(sha, tuple(parents), message, author, at, dict(files))
        return made

    def bring(self, other: "History", head: str) -> None:
        """Take a commit of a fork's history, and all before it, as GitHub does for a pull request from there."""
        self.commits |= {commit.sha: commit for commit in other.log(head)}

    def has(self, head: str, sha: str) -> bool:
        """Return whether a commit is among those that lead to `head`."""
        return any(commit.sha == sha for commit in self.log(head))

    def find(self, ref: str) -> Commit | None:
        """Find the commit that a branch, a tag, `refs/...` or the beginning of an id of 7 digits names."""
        for prefix, names in (("heads/", self.branches), ("tags/", self.tags)):
            if (sha := names.get(ref) or names.get(ref.removeprefix("refs/").removeprefix(prefix))) is not None:
                return self.commits[sha]
        if len(ref) < SHORTEST_SHA:
            return None
        return next((commit for sha, commit in self.commits.items() if sha.startswith(ref)), None)

    def log(self, start: str) -> Iterator[Commit]:
        """Give a commit and all before it, each once, the latest first."""
        open_ = {start: self.commits[start]}
        seen = {start}
        while open_:
            latest = max(open_.values(), key=attrgetter("at"))
            yield open_.pop(latest.sha)
            for parent in latest.parents:
                if parent not in seen:
                    seen.add(parent)
                    open_[parent] = self.commits[parent]

    def between(self, base: str, head: str) -> list[Commit]:
        """Give the commits of `head` that `base` does not have, the oldest first."""
        known = {commit.sha for commit in self.log(base)}
        return [commit for commit in self.log(head) if commit.sha not in known][::-1]

    def merge_base(self, base: str, head: str) -> Commit | None:
        """Find the latest commit that both have."""
        known = {commit.sha for commit in self.log(base)}
        return next((commit for commit in self.log(head) if commit.sha in known), None)

    def tree(self, sha: str) -> Mapping[str, bytes] | None:
        """Find the files of a tree by its id."""
        made = self.trees.get(sha)
        return next((one.files for one in self.commits.values() if one.tree_sha == sha), made)

    def changed_by(self, commit: Commit) -> list[ChangedFile]:
        """List what a commit changed of its first parent's files."""
        return changes(self.commits[commit.parents[0]].files if commit.parents else {}, commit.files)

    def touching(self, start: str, path: str) -> Iterator[Commit]:
        """Give the commits that changed a file, or a file of a folder, the latest first."""
        for commit in self.log(start):
            for file in self.changed_by(commit):
                if any(_is_within(name, path) for name in (file.filename, file.previous_filename) if name):
                    yield commit
                    break

    def blame(self, start: str, path: str) -> list[Commit]:
        """Give the commit that wrote each line of a file, following first parents."""
        chain = [self.commits[start]]
        while chain[-1].parents:
            chain.append(self.commits[chain[-1].parents[0]])
        lines: list[str] = []
        owners: list[Commit] = []
        for commit in reversed(chain):
            now = commit.files.get(path, b"").decode().splitlines()
            matcher = SequenceMatcher(None, lines, now, autojunk=False)
            owners = [
                owner
                for kind, old, old_end, new, new_end in matcher.get_opcodes()
                for owner in (owners[old:old_end] if kind == "equal" else [commit] * (new_end - new))
            ]
            lines = now
        return owners


def changes(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[ChangedFile]:
    """List what has to be changed of one tree to get another; a file that moved unchanged is renamed."""
    gone = {path: content for path, content in before.items() if path not in after}
    found = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        if old is None and new is not None:
            origin = next((name for name, content in gone.items() if content == new), None)
            if origin is not None:
                del gone[origin]
                found.append(ChangedFile(path, "renamed", None, origin))
                continue
            found.append(ChangedFile(path, "added", make_patch(b"", new)))
        elif new is not None and old is not None:
            found.append(ChangedFile(path, "modified", make_patch(old, new)))
    found += [ChangedFile(path, "removed", make_patch(content, b"")) for path, content in gone.items()]
    return sorted(found, key=lambda file: file.filename)


def _is_within(name: str, path: str) -> bool:
    return not path or name == path or name.startswith(f"{path}/")


def _count(patch: str | None, sign: str) -> int:
    return sum(line.startswith(sign) for line in (patch or "").splitlines())
