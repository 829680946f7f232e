"""What issues are planned by: milestones, types, sub-issues and reactions."""

from dataclasses import replace

from agent_vendors.github import REPOSITORIES
from api_kit import Body, Call, Probe, Resource, Route
from api_kit.classify import document_of
from api_kit.routes import Answered
from api_kit.side_hosts import SideExchange

from github_api.confirm import planning as confirm
from github_api.probes import planning as probes
from github_api.routes.in_repository import ISSUE, PAGE, REPO, read, write
from github_api.upstream import repositories_within

SUBS = ISSUE + "/sub_issues"
SUB_ISSUE = "{sub_owner}/{sub_repo}"
READ_ISSUE = read(ISSUE)
ADD_BY_ID = Route("POST", SUBS, body=Body(frozenset({"sub_issue_id", "replace_parent"})))
"""GitHub's own request, which names the sub-issue by an id that does not tell whose it is."""


def routes() -> list[Route]:
    """Make the routes."""
    return [*_milestones(), *_sub_issues(), *_reactions()]


def _milestones() -> list[Route]:
    return [
        read(REPO + "/milestones", PAGE | {"state", "sort", "direction"}),
        read(REPO + "/milestones/{milestone:number}"),
        replace(read(REPO + "/issue-types"), reply_resources=None),
    ]


def _sub_issues() -> list[Route]:
    add = write("POST", f"{SUBS}/{{sub_owner:name}}/{{sub_repo:name}}/{{sub_number:number}}", "sub_issue_write", None)
    return [
        replace(read(SUBS, PAGE), mixed=True),
        replace(read(ISSUE + "/timeline", PAGE), reply_resources=repositories_within, mixed=True),
        read(ISSUE + "/parent"),
        replace(
            add,
            body=Body(frozenset({"replace_parent"})),
            resources=(*add.resources, Resource(REPOSITORIES, "path", SUB_ISSUE)),
            idempotent=True,
            verify_reply=confirm.linked,
            probe=Probe(probes.sub_issue_there, status=201),
            read_before=probes.parent_before,
            send=_add_by_name,
        ),
        replace(_change("DELETE", ISSUE + "/sub_issue", {"sub_issue_id"}), probe=Probe(probes.sub_issue_gone)),
        _change("PATCH", SUBS + "/priority", {"sub_issue_id", "after_id", "before_id"}),
    ]


def _change(method: str, path: str, fields: set[str]) -> Route:
    """Make a change of a sub-issue that is one already: whose it is, its parent tells."""
    route = write(method, path, "sub_issue_write", Body(frozenset(fields)))
    whose = Resource(REPOSITORIES, "lookup", lookup=probes.repository_of_sub_issue)
    return replace(
        route,
        resources=(*route.resources, whose),
        idempotent=True,
        verify_reply=confirm.linked,
        read_before=probes.parent_before,
    )


async def _add_by_name(call: Call, exchange: SideExchange) -> Answered:
    """Read the sub-issue's id, and send GitHub's own request with it."""
    path = {name: call.path[f"sub_{name}"] for name in ("owner", "repo", "number")}
    found = await exchange.ask(replace(call, route=READ_ISSUE, path=path, body=None))
    document = document_of(found.reply) if found.said.state == "done" else None
    if not isinstance(document, dict):
        return found
    fields = call.body if isinstance(call.body, dict) else {}
    parent = {name: call.path[name] for name in ("owner", "repo", "number")}
    return await exchange.ask(
        replace(call, route=ADD_BY_ID, path=parent, body={**fields, "sub_issue_id": document.get("id")})
    )


def _reactions() -> list[Route]:
    found: list[Route] = []
    for path in (ISSUE + "/reactions", REPO + "/issues/comments/{comment:number}/reactions"):
        add = write("POST", path, "add_reaction", Body(frozenset({"content"})))
        remove = write("DELETE", path + "/{reaction:number}", "add_reaction", None)
        own = Resource(REPOSITORIES, "lookup", lookup=probes.repository_of_own_reaction)
        found += [
            replace(read(path, PAGE | {"content"}), reply_resources=None),
            replace(
                add,
                reply_resources=None,
                idempotent=True,
                verify_reply=confirm.reacted,
                read_before=probes.reacted_to,
            ),
            replace(
                remove,
                resources=(*remove.resources, own),
                reply_resources=None,
                idempotent=True,
                probe=Probe(probes.reaction_gone),
                read_before=probes.reacted_to,
            ),
        ]
    return found
