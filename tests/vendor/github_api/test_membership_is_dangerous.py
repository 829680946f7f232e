"""Collaborators, members of teams and teams' repositories: within the grant, found after a lost reply, approved."""

from typing import Any

import agent_effects
import asyncpg
import httpx
import pytest
from agent_contracts import Grant
from fixtures.gateway import effects, running_task
from stand_ins.github.accounts import Role
from stand_ins.github.planning import Team
from stand_ins.github.records import Repository
from vendor.github_api.house import House

PLANNING = "octo-org/planning"
PERSON = f"/repos/{PLANNING}/collaborators"
TEAM = "/orgs/octo-org/teams/release-crew"
STATE = "x-agent-effect-state"
TOOL = "membership_write"


@pytest.fixture
def planning(api: House) -> Repository:
    """The organization's repository, of which the gateway's account is an admin."""
    found: Repository = api.app.stand_in.world.named(PLANNING)
    found.roles["agent-bot"] = Role.admin
    api.app.stand_in.world.user("newcomer")
    return found


@pytest.fixture
def team(api: House, planning: Repository) -> Team:
    """A team of which the gateway's account is a maintainer."""
    world = api.app.stand_in.world
    found: Team = next(one for one in world.teams if one.slug == "release-crew")
    found.members.clear()
    found.maintainers.append(world.user("agent-bot"))
    return found


async def owner(api: House, method: str, path: str, body: Any = None) -> httpx.Response:
    """Ask for a service that may write in all of the organization."""
    return await api.ask(method, path, service="owner", body=body)


FAULTS = pytest.mark.parametrize("fault", [None, "apply_then_drop"])


@FAULTS
async def test_a_collaborator_comes_and_goes(api: House, planning: Repository, fault: str | None) -> None:
    """Somebody of the organization has the permission at once; after a lost reply it is found."""
    for method, body, role in (("PUT", {"permission": "maintain"}, Role.maintain), ("DELETE", None, None)):
        if fault:
            api.fault(fault, method=method)
        reply = await owner(api, method, f"{PERSON}/Kim-Example", body)
        assert (reply.status_code, reply.headers[STATE]) == (200 if fault else 204, "done"), reply.text
        assert planning.roles.get("kim-example") == role


@FAULTS
async def test_a_stranger_is_invited(api: House, planning: Repository, pool: asyncpg.Pool, fault: str | None) -> None:
    """Who has to accept first is no collaborator yet: the row is `partial`, and a removal takes the invitation too."""
    if fault:
        api.fault(fault, method="PUT")
    reply = await owner(api, "PUT", f"{PERSON}/newcomer", {"permission": "pull"})
    assert reply.headers[STATE] == "partial", reply.text
    assert [one.invitee.login for one in planning.invitations] == ["newcomer"]
    (row,) = await effects(pool)
    assert "has not accepted" in row["detail"]
    if fault:
        api.fault(fault, method="DELETE", path="/invitations/")
    gone = await owner(api, "DELETE", f"{PERSON}/newcomer")
    assert (gone.status_code, gone.headers[STATE]) == (200 if fault else 204, "done"), gone.text
    assert not planning.invitations


@FAULTS
async def test_a_member_comes_and_goes(api: House, team: Team, fault: str | None) -> None:
    """A person of the organization is in the team with the role that was asked for."""
    for method, body, there in (("PUT", {"role": "maintainer"}, True), ("DELETE", None, False)):
        if fault:
            api.fault(fault, method=method)
        reply = await owner(api, method, f"{TEAM}/memberships/kim-example", body)
        assert (reply.is_success, reply.headers[STATE]) == (True, "done"), reply.text
        assert ("kim-example" in {one.login for one in team.maintainers}) is there
    invited = await owner(api, "PUT", f"{TEAM}/memberships/newcomer", {})
    assert (invited.json()["state"], invited.headers[STATE]) == ("pending", "partial")


@FAULTS
async def test_a_team_gets_a_repository(api: House, planning: Repository, team: Team, fault: str | None) -> None:
    """A team's permission in a repository is set and taken; after a lost reply it is found."""
    for method, body, roles in (("PUT", {"permission": "push"}, {planning.id: Role.write}), ("DELETE", None, {})):
        if fault:
            api.fault(fault, method=method)
        reply = await owner(api, method, f"{TEAM}/repos/{PLANNING}", body)
        assert (reply.status_code, reply.headers[STATE]) == (200 if fault else 204, "done"), reply.text
        assert team.repositories == roles


@pytest.mark.parametrize(
    ("method", "path", "body", "shown"),
    [
        ("PUT", f"{PERSON}/sam-example", {"permission": "push"}, "permission:\n- triage\n+ push"),
        ("DELETE", f"{PERSON}/sam-example", None, "permission now:\n  triage"),
        ("PUT", f"{TEAM}/memberships/mona-example", {"role": "member"}, "role:\n- maintainer\n+ member"),
        ("DELETE", f"{TEAM}/memberships/newcomer", None, "role now:\n  none"),
        ("PUT", f"{TEAM}/repos/{PLANNING}", {"permission": "admin"}, "permission:\n- none\n+ admin"),
        ("DELETE", f"{TEAM}/repos/{PLANNING}", None, "permission now:\n  none"),
    ],
)
async def test_a_tasks_change_waits_for_a_person(
    api: House, pool: asyncpg.Pool, team: Team, method: str, path: str, body: Any, shown: str
) -> None:
    """All of it is dangerous: it is proposed, and the approver reads what the person or team may do now."""
    task, attempt = await running_task(pool)
    grant = Grant(tools=[TOOL], resources={"repositories": ["octo-org/*"]}, mode="write")
    reply = await api.ask(method, path, token=api.token(grant, task=task, attempt=attempt), tool=TOOL, body=body)
    assert (reply.status_code, reply.headers[STATE]) == (202, "proposed"), reply.text
    (waiting,) = await agent_effects.proposals(pool)
    assert shown in waiting.shown
    assert waiting.target == path


async def test_an_organization_needs_a_grant_for_all_of_it(api: House, pool: asyncpg.Pool, team: Team) -> None:
    """A grant for one repository opens its collaborators, and no team; nor is another owner's repository given."""
    task, attempt = await running_task(pool)
    one = Grant(tools=[TOOL], resources={"repositories": [PLANNING]}, mode="write")
    token = api.token(one, task=task, attempt=attempt)
    for path in (f"{TEAM}/memberships/kim-example", f"{TEAM}/repos/{PLANNING}"):
        refused = await api.ask("DELETE", path, token=token, tool=TOOL)
        assert (refused.status_code, refused.json()["reason"]) == (403, "resource")
    assert (await api.ask("DELETE", f"{PERSON}/sam-example", token=token, tool=TOOL)).status_code == 202
    elsewhere = await owner(api, "PUT", f"{TEAM}/repos/octocat/hello-world", {"permission": "push"})
    assert elsewhere.json()["reason"] == "resource"


async def test_who_is_no_admin_is_refused(api: House, planning: Repository) -> None:
    """GitHub's refusal is a failed effect, and nothing changes."""
    planning.roles["agent-bot"] = Role.write
    for method, path in (("PUT", f"{PERSON}/kim-example"), ("DELETE", f"{TEAM}/memberships/mona-example")):
        reply = await owner(api, method, path, {} if method == "PUT" else None)
        assert (reply.status_code, reply.headers[STATE]) == (403, "failed")
    assert "kim-example" not in planning.roles
