"""What a pull request changes, and what its base branch becomes with it: trees are merged file by file."""

from collections.abc import Mapping

from stand_ins.github.history import ChangedFile, changes
from stand_ins.github.records import Pull, Repository

Files = Mapping[str, bytes]


def compared(repository: Repository, pull: Pull) -> tuple[list[ChangedFile], int]:
    """Return the files that a pull request changes, and how many commits it has."""
    history = repository.history
    base = history.branches.get(pull.base_ref, pull.base_sha)
    fork = history.merge_base(base, pull.head_sha)
    before: Files = fork.files if fork else {}
    return changes(before, history.commits[pull.head_sha].files), len(history.between(base, pull.head_sha))


def merge(fork: Files, ours: Files, theirs: Files) -> Files | None:
    """Merge two trees that parted at a third, file by file; None where both changed a file differently."""
    merged: dict[str, bytes] = {}
    for path in {*fork, *ours, *theirs}:
        old, left, right = fork.get(path), ours.get(path), theirs.get(path)
        if left != right and old not in (left, right):
            return None
        kept = right if left == old else left
        if kept is not None:
            merged[path] = kept
    return merged


def merged_files(repository: Repository, pull: Pull) -> Files | None:
    """Return the files of the base branch with a pull request in it; None for a conflict."""
    history = repository.history
    base, head = history.commits[history.branches[pull.base_ref]], history.commits[pull.head_sha]
    fork = history.merge_base(base.sha, head.sha)
    return merge(fork.files if fork else {}, base.files, head.files)


def is_mergeable(repository: Repository, pull: Pull) -> bool:
    """Return whether a pull request can be merged without a conflict, as far as the history has its commits."""
    history = repository.history
    known = pull.head_sha in history.commits and pull.base_ref in history.branches
    return not known or merged_files(repository, pull) is not None
