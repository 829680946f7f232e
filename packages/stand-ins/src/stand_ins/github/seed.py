"""Fills a world from a description: the one shipped in seed.yaml, or what a test sends."""

import functools
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Any, Literal

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from stand_ins.github.records import Issue, Label, Pull, PullFile, Repository, Role
from stand_ins.github.world import World, sha_of


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


class DescribedPull(DescribedIssue):
    """A pull request to make; `languages` adds one small new file for each."""

    head: str
    draft: bool = False
    commits: int = 1
    merged_at: AwareDatetime | None = None
    files: list[DescribedFile] = []
    languages: list[str] = []


class DescribedRepository(_Described):
    """A repository to make; `role` is what the operator's account may do in it."""

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
    repository.files = {path: text.encode() for path, text in described.files.items()}
    for issue in described.issues:
        add_issue(world, repository, issue)
    for pull in described.pulls:
        _add_pull(world, repository, pull)
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


def _add_pull(world: World, repository: Repository, described: DescribedPull) -> Issue:
    issue = add_issue(world, repository, described)
    changed = [PullFile(one.filename, one.status, one.patch, one.previous_filename) for one in described.files]
    changed += [PullFile(f"hello/languages/{one}.txt", "added", _language_patch(one)) for one in described.languages]
    issue.pull = Pull(
        head_ref=described.head,
        head_sha=sha_of(repository.full_name, described.head),
        base_ref=repository.default_branch,
        base_sha=repository.head_sha,
        files=changed,
        draft=described.draft,
        commits=described.commits,
    )
    if described.merged_at is not None:
        _merge(issue, issue.pull, described.merged_at, repository)
    return issue


def _merge(issue: Issue, pull: Pull, at: datetime, repository: Repository) -> None:
    issue.state, issue.closed_at = "closed", at
    pull.merged_at, pull.merged_by = at, repository.owner


def _language_patch(language: str) -> str:
    return f"@@ -0,0 +1,2 @@\n+# {language}: the greeting in this language\n+greeting-{language}"
