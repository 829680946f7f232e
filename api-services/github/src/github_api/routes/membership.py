"""Who may do what: collaborators of a repository, members of a team, and the repositories of a team. All is dangerous.

No tool of the server uses these routes: workflows do, as `membership_write`.
"""

from dataclasses import replace

from agent_vendors.github import REPOSITORIES
from api_kit import Body, Call, Json, Probe, Resource, Route
from api_kit.classify import document_of
from api_kit.routes import Answered
from api_kit.side_hosts import SideExchange

from github_api.confirm import membership as confirm
from github_api.probes import membership as probes
from github_api.probes.own_account import PER_PAGE
from github_api.routes.accounts import ORGANIZATION
from github_api.routes.in_repository import PAGE, REPO, TARGET_REPO, read, write

TOOL = "membership_write"
COLLABORATOR = REPO + "/collaborators/{user:name}"
TEAM = "/orgs/{org:name}/teams/{team:name}"
MEMBER = TEAM + "/memberships/{user:name}"
TEAM_REPO = TEAM + "/repos/{owner:name}/{repo:name}"
PERMISSION = Body(frozenset({"permission"}))
ROLE = Body(frozenset({"role"}))
INVITATIONS = read(REPO + "/invitations", PAGE)
REMOVE = Route("DELETE", COLLABORATOR)
WITHDRAW = Route("DELETE", REPO + "/invitations/{invitation:number}")


def routes() -> list[Route]:
    """Make the routes."""
    both = (*ORGANIZATION, Resource(REPOSITORIES, "path", TARGET_REPO))
    add, remove = (_danger(method, COLLABORATOR, body) for method, body in (("PUT", PERMISSION), ("DELETE", None)))
    join, leave = (_danger(method, MEMBER, body) for method, body in (("PUT", ROLE), ("DELETE", None)))
    give, take = (_danger(method, TEAM_REPO, body) for method, body in (("PUT", PERMISSION), ("DELETE", None)))
    add, remove = (replace(one, read_before=probes.collaborator_before) for one in (add, remove))
    join, leave = (replace(one, resources=ORGANIZATION, read_before=probes.member_before) for one in (join, leave))
    give, take = (replace(one, resources=both, read_before=probes.team_before) for one in (give, take))
    return [
        replace(add, verify_reply=confirm.added, probe=Probe(probes.collaborator_there)),
        replace(remove, probe=Probe(probes.collaborator_gone), send=_remove),
        replace(join, verify_reply=confirm.joined, probe=Probe(probes.member_there)),
        replace(leave, probe=Probe(probes.member_gone)),
        replace(give, probe=Probe(probes.team_there)),
        replace(take, probe=Probe(probes.team_gone)),
    ]


async def _remove(call: Call, exchange: SideExchange) -> Answered:
    """Take back the open invitation of a person, which GitHub would leave to be accepted, and the person's role.

    Source: docs.github.com/en/rest/collaborators/collaborators, "Remove a repository collaborator": it cancels the
    invitations that were sent by the person.
    """

    async def fetch(path: str, asked: Json = None) -> Json:
        page = path.rpartition("page=")[2]
        query = {"per_page": str(PER_PAGE), "page": page}
        return document_of((await exchange.ask(replace(call, route=INVITATIONS, query=query))).reply)

    # First, since GitHub refuses to withdraw what it would refuse to remove: nothing is done in part.
    if invitation := await probes.invitation(call, fetch):
        path = {"owner": call.path["owner"], "repo": call.path["repo"], "invitation": str(invitation.get("id"))}
        withdrawn = await exchange.ask(replace(call, route=WITHDRAW, path=path))
        if withdrawn.said.state != "done":
            return withdrawn
    return await exchange.ask(replace(call, route=REMOVE))


def _danger(method: str, path: str, body: Body | None) -> Route:
    """Make a write whose target is its path: the repository alone does not say whom it is about."""
    route = write(method, path, TOOL, body)
    return replace(route, access="danger", idempotent=True, target="", reply_resources=None)
