"""What GraphQL tells of the projects in which an issue or a pull request is."""

from typing import Any

from stand_ins.github.graphql.errors import NotFoundError
from stand_ins.github.records import Repository
from stand_ins.github.shapes.account import node_id
from stand_ins.github.world import World


def planned_fields(repository: Repository, world: World) -> dict[str, Any]:
    """Return the field of a repository that finds an issue or a pull request, as far as projects hold it."""

    def find(info: Any, number: int) -> dict[str, Any]:
        issue = repository.issues.get(number)
        if issue is None:
            raise NotFoundError(f"Could not resolve to an issue or pull request with the number of {number}.")
        items = [
            {"fullDatabaseId": str(item.id), "project": {"number": project.number, "owner": _owner(project.owner)}}
            for project in world.projects
            for item in project.items
            if item.issue is issue
        ]
        kind = "PullRequest" if issue.pull else "Issue"
        return {"__typename": kind, "projectItems": lambda info, first: {"nodes": items[:first]}}

    def _owner(owner: Any) -> dict[str, Any]:
        return {"__typename": "Organization", "id": node_id("O", owner.id), "login": owner.login}

    return {"issueOrPullRequest": find}
