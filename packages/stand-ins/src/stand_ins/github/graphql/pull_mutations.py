"""GraphQL's mutations of pull requests which REST has not: drafts, and comments in a review that is not submitted."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from stand_ins.github.accounts import Role, User
from stand_ins.github.graphql.errors import ForbiddenError, NotFoundError
from stand_ins.github.graphql.objects import pull_object, thread_object
from stand_ins.github.records import Issue, Pull, Repository
from stand_ins.github.reviews import ReviewComment, ReviewThread, has_line
from stand_ins.github.shapes.account import node_id
from stand_ins.github.world import World

Announce = Callable[[str, Issue, Repository], None]
"""Sends the webhook of a pull request: its action, the pull request, its repository."""


class PullMutations:
    """What one caller may change."""

    def __init__(self, world: World, user: User, announce: Announce) -> None:
        self._world = world
        self._user = user
        self._announce = announce

    def fields(self) -> dict[str, Any]:
        """Return the fields, each a function of the arguments that a mutation gives it."""
        return {
            "addPullRequestReviewThread": lambda info, **asked: self.comment(**asked["input"]),
            "markPullRequestReadyForReview": partial(self._set_draft, draft=False),
            "convertPullRequestToDraft": partial(self._set_draft, draft=True),
        }

    def comment(self, pullRequestReviewId: str, path: str, body: str, **at: Any) -> dict[str, Any]:  # noqa: N803
        """Comment on a line in the caller's own pending review; the thread is null where the diff lacks the line."""
        for issue, pull, repository in self._pulls():
            for review in pull.reviews:
                own = review.user is self._user and review.state == "PENDING"
                if own and node_id("PRR", review.id) == pullRequestReviewId:
                    file = next((one for one in pull.files if one.filename == path), None)
                    if file is None or not has_line(file, at.get("line") or 0, at["side"]):
                        return {"thread": None}
                    now = self._world.clock()
                    thread = ReviewThread(self._world.next_id(), path, at["line"], at["side"], at.get("startLine"))
                    made = ReviewComment(self._world.next_id(), review.id, self._user, body, now, now)
                    thread.comments.append(made)
                    pull.threads.append(thread)
                    return {"thread": thread_object(thread, issue, pull, repository, self._world)}
        raise _unknown(pullRequestReviewId)

    def _set_draft(self, info: Any, *, draft: bool, **asked: Any) -> dict[str, Any]:
        return self.set_draft(asked["input"]["pullRequestId"], draft=draft)

    def set_draft(self, node: str, *, draft: bool) -> dict[str, Any]:
        """Make a pull request a draft, or ready for review; its author may, and whoever may push."""
        for issue, pull, repository in self._pulls():
            if node_id("PR", issue.id) == node:
                if self._world.role(repository, self._user) < Role.write and issue.user is not self._user:
                    told = f"{self._user.login} does not have the correct permissions to execute this mutation"
                    raise ForbiddenError(told)
                if pull.draft is not draft:
                    pull.draft, issue.updated_at = draft, self._world.clock()
                    self._announce("converted_to_draft" if draft else "ready_for_review", issue, repository)
                return {"pullRequest": pull_object(issue, pull, repository, self._world)}
        raise _unknown(node)

    def _pulls(self) -> Iterator[tuple[Issue, Pull, Repository]]:
        for repository in self._world.repositories.values():
            if self._world.role(repository, self._user) >= Role.read:
                yield from ((one, one.pull, repository) for one in repository.issues.values() if one.pull)


def _unknown(node: str) -> NotFoundError:
    return NotFoundError(f"Could not resolve to a node with the global id of '{node}'")
