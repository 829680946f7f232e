"""Fills a world from a description: the one shipped in seed.yaml, or what a test sends."""

import functools
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Annotated, Any, Literal

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from stand_ins.github.accounts import Role
from stand_ins.github.history import ChangedFile, History
from stand_ins.github.patches import apply_patch
from stand_ins.github.records import Issue, Label, Pull, Repository
from stand_ins.github.reviews import Review, ReviewComment, ReviewThread
from stand_ins.github.world import World


class _Described(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DescribedLabel(_Described):
    """A label to make."""

    name: Annotated[str, Field(min_length=1)]
    color: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{6}$")] = "ededed"
    description: str | None = None
    default: bool = False


class DescribedComment(_Described):
    """A comment to make."""

    user: str
    body: str
    at: AwareDatetime | None = None


class DescribedIssue(_Described):
    """An issue to make; without a number it takes the next one."""

    title: str
    user: str
    body: str | None = None
    number: int | None = None
    at: AwareDatetime | None = None
    labels: list[str] = []
    assignees: list[str] = []
    state: Literal["open", "closed"] = "open"
    state_reason: Literal["completed", "not_planned", "duplicate", "reopened"] | None = None
    locked: bool = False
    deleted: bool = False
    author_association: str | None = None
    comments: list[DescribedComment] = []


class DescribedFile(_Described):
    """A changed file of a pull request."""

    filename: str
    status: str = "modified"
    patch: str | None = None
    previous_filename: str | None = None


class DescribedCommit(_Described):
    """A commit on the default branch: what it changes, null for a file that it removes, and the tags that name it."""

    message: str
    user: str
    at: AwareDatetime
    files: dict[str, str | None] = {}
    tags: list[str] = []


class DescribedThread(_Described):
    """A thread of a review, on a line of the diff."""

    path: str
    line: int
    comments: list[DescribedComment]
    resolved: bool = False


class DescribedReview(_Described):
    """A review with the threads that it began."""

    user: str
    at: AwareDatetime
    state: Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]
    body: str = ""
    threads: list[DescribedThread] = []


class DescribedPull(DescribedIssue):
    """A pull request to make; `languages` adds one small new file for each.

    One with `merged_as` was squashed into the commit whose message begins so.
    """

    head: str
    merged_as: str | None = None
    draft: bool = False
    commits: int = 1
    merged_at: AwareDatetime | None = None
    files: list[DescribedFile] = []
    languages: list[str] = []
    reviewers: list[str] = []
    reviews: list[DescribedReview] = []


class DescribedRepository(_Described):
    """A repository to make; `role` is what the operator's account may do in it.

    `files` are those of the default branch. Its last commit makes them, whatever else it changes.
    """

    full_name: str
    description: str | None = None
    private: bool = False
    archived: bool = False
    has_issues: bool = True
    role: str = "write"
    collaborators: dict[str, str] = {}
    labels: list[DescribedLabel] = []
    issues: list[DescribedIssue] = []
    pulls: list[DescribedPull] = []
    files: dict[str, str] = {}
    commits: list[DescribedCommit] = []


@functools.cache
def shipped() -> Sequence[DescribedRepository]:
    """Read the description that the stand-in starts with."""
    text = (files("stand_ins.github") / "seed.yaml").read_text(encoding="utf-8")
    read: Mapping[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return [DescribedRepository.model_validate(one) for one in read["repositories"]]


def add_repository(world: World, described: DescribedRepository, account: str) -> Repository:
    """Make a repository with all that is described.

    Raises:
        ValueError: a name or number is taken, or a role is none.
    """
    roles = {login.lower(): role_of(role) for login, role in described.collaborators.items()}
    roles[account.lower()] = role_of(described.role)
    repository = world.add_repository(described.full_name, private=described.private, description=described.description)
    repository.archived, repository.has_issues, repository.roles = described.archived, described.has_issues, roles
    for login in described.collaborators:
        world.user(login)
    for one in described.labels:
        label = Label(world.next_id(), one.name, one.color, one.description, one.default)
        repository.labels[one.name.lower()] = label
    _write_history(repository, described, world)
    for issue in described.issues:
        add_issue(world, repository, issue)
    for pull in described.pulls:
        add_pull(world, repository, pull)
    return repository


def add_issue(world: World, repository: Repository, described: DescribedIssue) -> Issue:
    """Make an issue with its labels and comments; labels that the repository lacks are made."""
    user = world.user(described.user)
    if described.author_association:
        repository.associations[described.user.lower()] = described.author_association
    issue = world.add_issue(
        repository,
        title=described.title,
        body=described.body,
        user=user,
        number=described.number,
        at=described.at,
    )
    issue.labels = [world.add_label(repository, name) for name in described.labels]
    issue.assignees = [world.user(login) for login in described.assignees]
    issue.locked, issue.deleted = described.locked, described.deleted
    for one in described.comments:
        world.add_comment(issue, body=one.body, user=world.user(one.user), at=one.at)
    if described.state == "closed":
        issue.state, issue.state_reason = "closed", described.state_reason or "completed"
        issue.closed_at, issue.closed_by = issue.updated_at, repository.owner
    return issue


def role_of(name: str) -> Role:
    """Read a role's name; ValueError when there is none such."""
    try:
        return Role[name]
    except KeyError:
        raise ValueError(f"{name!r} is no role: one of {', '.join(one.name for one in Role)}") from None


def _write_history(repository: Repository, described: DescribedRepository, world: World) -> None:
    """Put the described commits on the default branch, or one that makes all files."""
    final = {path: text.encode() for path, text in described.files.items()}
    initial = DescribedCommit(message="Initial commit", user=repository.owner.login, at=repository.created_at)
    repository.history, files = History(), dict[str, bytes]()
    listed = described.commits or [initial]
    for one in listed:
        files |= {path: text.encode() for path, text in one.files.items() if text is not None}
        files = {path: content for path, content in files.items() if one.files.get(path, "") is not None}
        commit = repository.history.add(
            repository.default_branch,
            message=one.message,
            author=world.user(one.user),
            at=one.at,
            files=final if one is listed[-1] else files,
        )
        repository.history.tags |= dict.fromkeys(one.tags, commit.sha)


def add_pull(world: World, repository: Repository, described: DescribedPull) -> Issue:
    """Make a pull request with its branch and what was said of it."""
    issue = add_issue(world, repository, described)
    if described.merged_as is not None:
        issue.pull = _merged(repository, issue, described)
        _add_reviews(world, issue.pull, described)
        return issue
    changed = [ChangedFile(one.filename, one.status, one.patch, one.previous_filename) for one in described.files]
    changed += [ChangedFile(f"hello/languages/{one}.txt", "added", _language_patch(one)) for one in described.languages]
    base = repository.head_sha
    issue.pull = Pull(
        head_ref=described.head,
        head_sha=_push(repository, issue, described, changed),
        base_ref=repository.default_branch,
        base_sha=base,
        files=changed,
        draft=described.draft,
        commits=described.commits,
    )
    _add_reviews(world, issue.pull, described)
    if described.merged_at is not None:
        issue.state, issue.closed_at = "closed", described.merged_at
        issue.pull.merged_at, issue.pull.merged_by = described.merged_at, repository.owner
    return issue


def _add_reviews(world: World, pull: Pull, described: DescribedPull) -> None:
    pull.requested_reviewers = [world.user(login) for login in described.reviewers]
    for one in described.reviews:
        user = world.user(one.user)
        review = Review(world.next_id(), user, one.state, one.body, pull.head_sha, one.at)
        pull.reviews.append(review)
        for told in one.threads:
            thread = ReviewThread(world.next_id(), told.path, told.line, resolved=told.resolved)
            for said in told.comments:
                at = said.at or one.at
                thread.comments.append(
                    ReviewComment(world.next_id(), review.id, world.user(said.user), said.body, at, at)
                )
            pull.threads.append(thread)


def _push(repository: Repository, issue: Issue, described: DescribedPull, changed: Sequence[ChangedFile]) -> str:
    """Make the branch of a pull request, its changes spread over its commits; return where it points."""
    history, files = repository.history, dict(repository.files)
    history.branches[described.head] = repository.head_sha
    for number in range(described.commits):
        for file in changed[number :: described.commits]:
            before = files.pop(file.previous_filename or file.filename, b"")
            if file.status != "removed":
                files[file.filename] = b"\0" if file.patch is None else apply_patch(before, file.patch)
        message = issue.title if described.commits == 1 else f"{issue.title}, part {number + 1}"
        history.add(described.head, message=message, author=issue.user, at=issue.created_at, files=files)
    return history.branches[described.head]


def _merged(repository: Repository, issue: Issue, described: DescribedPull) -> Pull:
    """Make a pull request of the commit into which it was squashed."""
    history = repository.history
    commit = next(one for one in history.commits.values() if one.message.startswith(described.merged_as or ""))
    base = history.commits[commit.parents[0]]
    head = history.add(
        described.head,
        message=issue.title,
        author=issue.user,
        at=issue.created_at,
        files=commit.files,
        parents=[base.sha],
    )
    issue.state, issue.closed_at, issue.closed_by = "closed", commit.at, commit.author
    return Pull(
        head_ref=described.head,
        head_sha=head.sha,
        base_ref=repository.default_branch,
        base_sha=base.sha,
        files=history.changed_by(commit),
        merged_at=commit.at,
        merged_by=commit.author,
        merge_commit_sha=commit.sha,
    )


def _language_patch(language: str) -> str:
    return f"@@ -0,0 +1,2 @@\n+# {language}: the greeting in this language\n+greeting-{language}"
