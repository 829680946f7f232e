"""The fields of GitHub's Query and Mutation, for one caller."""

from collections.abc import Iterator
from typing import Any

from stand_ins.github.accounts import Role, User
from stand_ins.github.graphql.connection import connection
from stand_ins.github.graphql.discussions import add_comment, discussion_fields, find_comment
from stand_ins.github.graphql.errors import ForbiddenError, NotFoundError
from stand_ins.github.graphql.objects import pull_object, repository_object, thread_object
from stand_ins.github.graphql.projects import planned_fields
from stand_ins.github.graphql.pull_mutations import Announce, PullMutations
from stand_ins.github.records import Issue, Pull, Repository
from stand_ins.github.reviews import ReviewThread
from stand_ins.github.search import parse
from stand_ins.github.search_values import Asker
from stand_ins.github.shapes.account import node_id
from stand_ins.github.world import World

Placed = tuple[ReviewThread, Issue, Pull, Repository]


class Root:
    """The caller's view of the world."""

    def __init__(self, world: World, user: User, announce: Announce) -> None:
        self._world = world
        self._user = user
        self._pull_mutations = PullMutations(world, user, announce)

    def fields(self) -> dict[str, Any]:
        """Return the fields, each a function of the arguments that a query gives it."""
        return {
            "repository": lambda info, owner, name: self.repository(owner, name),
            "search": lambda info, **asked: self.search(asked["query"], asked["first"], asked.get("after")),
            "node": lambda info, **asked: self.node(asked["id"]),
            "resolveReviewThread": lambda info, **asked: self.settle(asked["input"]["threadId"], resolved=True),
            "unresolveReviewThread": lambda info, **asked: self.settle(asked["input"]["threadId"], resolved=False),
            "addDiscussionComment": lambda info, **asked: add_comment(
                self._world, self._user, list(self._readable()), asked["input"]
            ),
            **self._pull_mutations.fields(),
        }

    def repository(self, owner: str, name: str) -> dict[str, Any]:
        """Find a repository by its name, its present one or an earlier one."""
        found = self._world.find(owner, name) or self._world.find_moved(owner, name)
        if found is None or self._world.role(found, self._user) == Role.none:
            raise NotFoundError(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        seen = repository_object(found, self._world) | discussion_fields(found, self._world)
        return seen | planned_fields(found, self._world)

    def search(self, query: str, first: int, after: str | None) -> dict[str, Any]:
        """Search pull requests and issues."""
        wanted = parse(query, Asker(self._world, self._user))
        found = wanted.found([one for one in self._readable() if wanted.covers(one)])
        return connection([self._hit(one.issue, one.repository) for one in found], first, after, "issueCount")

    def node(self, node: str) -> dict[str, Any]:
        """Find a thread or a comment on a discussion by its id."""
        for repository in self._readable():
            if (comment := find_comment(node, repository, self._world)) is not None:
                return comment
        return thread_object(*self._thread(node), self._world)

    def settle(self, node: str, *, resolved: bool) -> dict[str, Any]:
        """Resolve a thread, or open it again."""
        thread, issue, pull, repository = self._thread(node)
        if self._world.role(repository, self._user) < Role.write:
            raise ForbiddenError(f"{self._user.login} does not have the correct permissions to execute this mutation")
        thread.resolved = resolved
        return {"thread": thread_object(thread, issue, pull, repository, self._world)}

    def _thread(self, node: str) -> Placed:
        for repository in self._readable():
            for issue in repository.issues.values():
                for thread in issue.pull.threads if issue.pull else ():
                    if node_id("PRRT", thread.id) == node and issue.pull:
                        return thread, issue, issue.pull, repository
        raise NotFoundError(f"Could not resolve to a node with the global id of '{node}'")

    def _readable(self) -> Iterator[Repository]:
        return (one for one in self._world.repositories.values() if self._world.role(one, self._user) >= Role.read)

    def _hit(self, issue: Issue, repository: Repository) -> dict[str, Any]:
        if issue.pull is not None:
            return pull_object(issue, issue.pull, repository, self._world)
        of = repository_object(repository, self._world)
        return {"__typename": "Issue", "id": node_id("I", issue.id), "number": issue.number, "repository": of}
