"""Writes of pull requests: opened, changed, reviewers asked, brought up to date, merged."""

from collections.abc import Sequence
from dataclasses import replace

from agent_vendors.github import REPOSITORIES
from agent_vendors.github_operations import CONVERT_TO_DRAFT, READY_FOR_REVIEW
from api_kit import Body, Call, Json, Resource, Route
from api_kit.json_paths import find

from github_api.confirm import pull_writes as confirm
from github_api.confirm.node_operations import DRAFT, READY, drafted
from github_api.probes import pull_writes as probes
from github_api.routes.in_repository import PULL, REPO, TEXTS, write
from github_api.routes.node_operations import node_write
from github_api.upstream import repositories_of

TOOL = "update_pull_request"
NEW = Body(frozenset({"title", "head", "base", "body", "draft", "maintainer_can_modify"}), texts=TEXTS)
FIELDS = Body(frozenset({"title", "body", "state", "base", "maintainer_can_modify"}), texts=TEXTS)
REVIEWERS = Body(frozenset({"reviewers", "team_reviewers"}))
MERGE = Body(
    frozenset({"commit_title", "commit_message", "sha", "merge_method"}),
    texts={"commit_title": TEXTS["body"], "commit_message": TEXTS["body"]},
)


def routes() -> list[Route]:
    """Make the routes."""
    create = write("POST", REPO + "/pulls", "create_pull_request", NEW)
    change = write("PATCH", PULL, TOOL, FIELDS)
    ask = write("POST", PULL + "/requested_reviewers", TOOL, REVIEWERS)
    release = write("DELETE", PULL + "/requested_reviewers", TOOL, REVIEWERS)
    ready = node_write(PULL, READY_FOR_REVIEW, TOOL, None, at=READY)
    draft = node_write(PULL, CONVERT_TO_DRAFT, TOOL, None, at=DRAFT)
    update = write("PUT", PULL + "/update-branch", "update_pull_request_branch", Body(frozenset({"expected_head_sha"})))
    merge = write("PUT", PULL + "/merge", "merge_pull_request", MERGE)
    return [
        replace(
            create,
            resources=(
                *create.resources,
                Resource(REPOSITORIES, "call", names=lambda call: [probes.head_repository(call)]),
                Resource(REPOSITORIES, "lookup", lookup=probes.known_head_repository),
            ),
            reply_resources=_of_both,
            verify_reply=confirm.opened,
            probe=probes.PULL_MADE,
            read_before=probes.branches_before,
        ),
        replace(
            change,
            resources=(*change.resources, Resource(REPOSITORIES, "lookup", lookup=probes.repository_of_change)),
            idempotent=True,
            verify_reply=confirm.changed,
            probe=probes.PULL_CHANGED,
            read_before=probes.pull_before,
        ),
        replace(
            ask,
            idempotent=True,
            verify_reply=confirm.reviewers_asked,
            probe=probes.REVIEWERS_ASKED,
            read_before=probes.pull_before,
        ),
        replace(
            release,
            idempotent=True,
            verify_reply=confirm.reviewers_released,
            probe=probes.REVIEWERS_RELEASED,
            read_before=probes.pull_before,
        ),
        replace(_of_draft(ready), verify_reply=drafted(READY, draft=False), probe=probes.MADE_READY),
        replace(_of_draft(draft), verify_reply=drafted(DRAFT, draft=True), probe=probes.MADE_DRAFT),
        # the replies of these two name no repository
        replace(
            update,
            resources=(*update.resources, Resource(REPOSITORIES, "lookup", lookup=probes.branch_repository)),
            idempotent=True,
            probe=probes.BRANCH_UPDATED,
            read_before=probes.pull_before,
            reply_resources=None,
        ),
        replace(
            merge,
            access="danger",
            idempotent=True,
            verify_reply=confirm.merged,
            probe=probes.PULL_MERGED,
            read_before=probes.pull_before,
            reply_resources=None,
            effect_fields=_closing,
        ),
    ]


def _of_draft(route: Route) -> Route:
    return replace(route, idempotent=True, effect_fields=lambda call: ["draft"], read_before=probes.pull_before)


def _of_both(document: Json) -> list[str]:
    """Return the repository of a new pull request, and that of its branch."""
    return [*repositories_of(document), str(find(document, probes.HEAD)[0])]


def _closing(call: Call) -> Sequence[str]:
    """Return the fields that a merge sets: it closes the pull request, as `state` does."""
    return [*(call.body if isinstance(call.body, dict) else ()), "state"]
