"""What GraphQL tells of pull requests: mappings of fields, of which one that takes arguments is a function."""

from collections.abc import Callable, Sequence
from typing import Any

from stand_ins.github.accounts import User
from stand_ins.github.graphql.connection import connection
from stand_ins.github.graphql.errors import NotFoundError
from stand_ins.github.history import Commit
from stand_ins.github.records import Issue, Pull, Repository
from stand_ins.github.reviews import DECIDES, ReviewThread, decision
from stand_ins.github.shapes.account import node_id, stamp
from stand_ins.github.world import World

DELETED = "ghost"


def repository_object(repository: Repository, world: World) -> dict[str, Any]:
    """Describe a repository."""

    def pull_request(info: Any, number: int) -> dict[str, Any] | None:
        issue = repository.issues.get(number)
        if issue is None or issue.pull is None:
            raise NotFoundError(f"Could not resolve to a PullRequest with the number of {number}.")
        return pull_object(issue, issue.pull, repository, world)

    def find(info: Any, expression: str) -> dict[str, Any] | None:
        commit = repository.find(expression)
        return None if commit is None else commit_object(commit, repository)

    return {
        "__typename": "Repository",
        "id": node_id("R", repository.id),
        "nameWithOwner": repository.full_name,
        "isPrivate": repository.private,
        "pullRequest": pull_request,
        "pullRequests": lambda info, **asked: _pulls(repository, world, **asked),
        "object": find,
    }


def pull_object(issue: Issue, pull: Pull, repository: Repository, world: World) -> dict[str, Any]:
    """Describe a pull request."""
    state = "MERGED" if pull.merged_at else issue.state.upper()
    commits = repository.history.between(pull.base_sha, pull.head_sha) if _is_known(repository, pull) else []
    head = [{"commit": commit_object(commit, repository)} for commit in commits[-1:]]
    asked: list[Any] = [actor(user) for user in pull.requested_reviewers]
    asked += [
        {"__typename": "Team", "combinedSlug": f"{team.organization.login}/{team.slug}"}
        for team in pull.requested_teams
    ]
    reviewers = [{"requestedReviewer": one} for one in asked]
    latest = {one.user.login: {"state": one.state, "author": actor(one.user)} for one in pull.reviews}
    verdicts = {
        one.user.login: {"state": one.state, "author": actor(one.user)} for one in pull.reviews if one.state in DECIDES
    }
    owner = repository.owner.login if pull.fork_owner is None else pull.fork_owner
    return {
        "__typename": "PullRequest",
        "id": node_id("PR", issue.id),
        "repository": lambda info: repository_object(repository, world),
        "number": issue.number,
        "title": issue.title,
        "state": state,
        "isDraft": pull.draft,
        "body": issue.body or "",
        "locked": issue.locked,
        "author": actor(issue.user),
        "authorAssociation": world.association(repository, issue.user),
        "createdAt": stamp(issue.created_at),
        "updatedAt": stamp(issue.updated_at),
        "closedAt": stamp(issue.closed_at),
        "mergedAt": stamp(pull.merged_at),
        "headRefName": pull.head_ref,
        "headRefOid": pull.head_sha,
        "headRepositoryOwner": {"__typename": "Organization", "login": owner} if owner else None,
        "isCrossRepository": pull.fork_owner is not None,
        "baseRefName": pull.base_ref,
        "additions": sum(file.additions for file in pull.files),
        "deletions": sum(file.deletions for file in pull.files),
        "changedFiles": len(pull.files),
        "mergeable": "MERGEABLE" if state == "OPEN" else "UNKNOWN",
        "reviewDecision": decision(pull.reviews) if pull.base_ref in repository.protected else None,
        "labels": lambda info, first: {"nodes": [{"name": label.name} for label in issue.labels[:first]]},
        "assignees": lambda info, first: {"nodes": [actor(user) for user in issue.assignees[:first]]},
        "milestone": None,
        "comments": {"totalCount": len(issue.comments)},
        "reviewRequests": lambda info, first: {"nodes": reviewers[:first]},
        "latestReviews": lambda info, first: {"nodes": list(latest.values())[:first]},
        "latestOpinionatedReviews": lambda info, first: {"nodes": list(verdicts.values())[:first]},
        "reviewThreads": lambda info, first, after=None: connection(
            [thread_object(one, issue, pull, repository, world) for one in pull.threads], first, after
        ),
        "commits": lambda info, last: {"totalCount": len(commits), "nodes": head[-last:]},
    }


def thread_object(
    thread: ReviewThread, issue: Issue, pull: Pull, repository: Repository, world: World
) -> dict[str, Any]:
    """Describe a thread of a review."""
    comments = [
        {
            "databaseId": one.id,
            "url": f"https://github.com/{repository.full_name}/pull/{issue.number}#discussion_r{one.id}",
            "body": one.body,
            "createdAt": stamp(one.created_at),
            "updatedAt": stamp(one.updated_at),
            "author": actor(one.user),
            "authorAssociation": world.association(repository, one.user),
        }
        for one in thread.comments
    ]
    return {
        "__typename": "PullRequestReviewThread",
        "id": node_id("PRRT", thread.id),
        "isResolved": thread.resolved,
        "isOutdated": thread.outdated,
        "path": thread.path,
        "line": None if thread.outdated else thread.line,
        "originalLine": thread.line,
        "startLine": None if thread.outdated else thread.start_line,
        "pullRequest": lambda info: pull_object(issue, pull, repository, world),
        "comments": lambda info, first: {"totalCount": len(comments), "nodes": comments[:first]},
    }


def commit_object(commit: Commit, repository: Repository) -> dict[str, Any]:
    """Describe a commit; who wrote which line is asked of it by a path."""

    def blame(info: Any, path: str) -> dict[str, Any]:
        if path not in commit.files:
            return {"ranges": []}
        owners = repository.history.blame(commit.sha, path)
        return {"ranges": _ranges(owners, repository)}

    return {
        "__typename": "Commit",
        "oid": commit.sha,
        "abbreviatedOid": commit.sha[:7],
        "committedDate": stamp(commit.at),
        "messageHeadline": commit.message.splitlines()[0],
        "author": {"name": commit.author.login, "user": actor(commit.author)},
        "statusCheckRollup": _rollup(commit.sha, repository),
        "blame": blame,
    }


def _rollup(sha: str, repository: Repository) -> dict[str, Any] | None:
    """Describe all checks and statuses of a commit together; GitHub gives none where there are none."""
    checks = [
        {
            "__typename": "CheckRun",
            "databaseId": job.id,
            "name": job.name,
            "status": job.status.upper(),
            "conclusion": job.conclusion.upper() if job.conclusion else None,
            "title": job.title,
            "summary": job.summary,
            "startedAt": stamp(job.started_at),
            "completedAt": stamp(job.completed_at),
            "checkSuite": {"workflowRun": {"databaseId": run.id}},
        }
        for run, job in repository.actions.checks(sha)
    ]
    latest = {one.context: one for one in repository.actions.statuses.get(sha, ())}
    statuses = [
        {
            "__typename": "StatusContext",
            "context": one.context,
            "state": one.state.upper(),
            "description": one.description,
            "targetUrl": one.target_url,
        }
        for one in latest.values()
    ]
    every: list[dict[str, Any]] = [*checks, *statuses]
    if not every:
        return None
    state = repository.actions.state(sha) or "pending"
    return {"state": state.upper(), "contexts": lambda info, first, after=None: connection(every, first, after)}


def actor(user: User) -> dict[str, Any] | None:
    """Describe an account, and a deleted one as null; a bot's login is without the `[bot]` that REST shows."""
    if user.login == DELETED:
        return None
    kind = user.type if user.type in ("Bot", "Mannequin") else "User"
    return {"__typename": kind, "id": node_id("U", user.id), "login": user.login.removesuffix("[bot]")}


def _ranges(owners: Sequence[Commit], repository: Repository) -> list[dict[str, Any]]:
    ranges: list[dict[str, Any]] = []
    for number, owner in enumerate(owners, 1):
        if ranges and ranges[-1]["commit"]["oid"] == owner.sha:
            ranges[-1]["endingLine"] = number
        else:
            ranges.append({"startingLine": number, "endingLine": number, "commit": commit_object(owner, repository)})
    return ranges


def _pulls(
    repository: Repository,
    world: World,
    *,
    first: int,
    after: str | None = None,
    states: Sequence[str] | None = None,
    baseRefName: str | None = None,  # noqa: N803
    headRefName: str | None = None,  # noqa: N803
    orderBy: dict[str, str] | None = None,  # noqa: N803
) -> dict[str, Any]:
    field, direction = (orderBy or {}).get("field", "CREATED_AT"), (orderBy or {}).get("direction", "ASC")
    orders: dict[str, Callable[[Issue], Any]] = {
        "CREATED_AT": lambda issue: (issue.created_at, issue.number),
        "UPDATED_AT": lambda issue: (issue.updated_at, issue.number),
        "COMMENTS": lambda issue: (len(issue.comments), issue.number),
    }
    found = [
        pull_object(issue, issue.pull, repository, world)
        for issue in sorted(repository.issues.values(), key=orders[field], reverse=direction == "DESC")
        if issue.pull is not None
        and baseRefName in (None, issue.pull.base_ref)
        and headRefName in (None, issue.pull.head_ref)
    ]
    return connection([one for one in found if not states or one["state"] in states], first, after)


def _is_known(repository: Repository, pull: Pull) -> bool:
    return {pull.base_sha, pull.head_sha} <= repository.history.commits.keys()
