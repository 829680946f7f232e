"""Whose the token is, the teams of organizations, and who is in them."""

from agent_vendors.github import REPOSITORIES
from mcp_kit.call import Call
from mcp_kit.errors import ToolFailed
from mcp_kit.paging import Page
from mcp_kit.vendor_path import path_of

from github_mcp.client.github import GitHub, path_in
from github_mcp.error_messages import AN_APPS, OWN_ACCOUNT, not_written
from github_mcp.models.accounts import FoundRepository, Me, Team
from github_mcp.models.people import User
from github_mcp.models.written import Forked

ABSENT = 404


class Accounts:
    """Accounts, as the tools need them."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    async def me(self, call: Call) -> Me | None:
        """Read the account whose token this is; None for an app's token, of which GitHub names no account."""
        try:
            path, meanings = path_of("/user"), self._github.wrong_base
            return await self._github.get(call, Me, path, OWN_ACCOUNT, meanings=meanings)
        except ToolFailed as failure:
            if not failure.message.startswith(AN_APPS[0]):
                raise
            return None

    async def own_login(self, call: Call) -> str:
        """Return the login of the account whose token this is.

        Raises:
            ToolFailed: it is the token of an app that the settings do not name.
        """
        me = await self.me(call)
        if me is None and self._github.app and self._github.app.login:
            return self._github.app.login
        if me is None:
            raise ToolFailed(
                "The token is a GitHub App's, of which GitHub does not say what is its own; nothing was changed.",
                next_step="Leave it to a person.",
            )
        return me.login

    async def fork(self, call: Call, repository: str, fork: str) -> FoundRepository:
        """Fork a repository into the token's own account or into an organization, under a name."""
        owner, _, name = fork.partition("/")
        me = await self.me(call)
        elsewhere = me is None or me.login.casefold() != owner.casefold()
        body = {"name": name, **({"organization": owner} if elsewhere else {})}
        await self._demand_free(call, repository, fork)
        path, meanings = path_in(repository, "forks"), not_written("Administration, of both owners,")
        return await self._github.write(
            call, FoundRepository, "POST", path, repository, body=body, success=202, meanings=meanings
        )

    async def _demand_free(self, call: Call, repository: str, fork: str) -> None:
        """Raise where another repository has the name: GitHub would fork under a name that nobody asked for."""
        try:
            there = await self._github.get(call, Forked, path_in(fork), fork)
        except ToolFailed as refusal:
            if refusal.status != ABSENT:
                raise
            return
        if there.parent is None or not REPOSITORIES.same(there.parent.full_name, repository):
            raise ToolFailed(
                f"{fork} is another repository already; nothing was sent.",
                next_step="Give the fork a name that is free.",
            )

    async def opened(self, call: Call, limit: int) -> Page[FoundRepository] | None:
        """List the repositories that an app's installation opens; None behind a gateway, where the grant says it."""
        if self._github.gateway:
            return None
        path = path_of("/installation/repositories")
        return await self._github.page(
            call, FoundRepository, path, "installation's repositories", limit=limit, rows=["repositories"]
        )

    async def own_teams(self, call: Call, limit: int) -> Page[Team]:
        """List the teams of the token's account, of all organizations."""
        return await self._github.page(call, Team, path_of("/user/teams"), "the account's teams", limit=limit)

    async def teams(self, call: Call, organization: str, limit: int) -> Page[Team]:
        """List the teams of an organization that the token's account sees."""
        path = path_of("/orgs/{}/teams", organization)
        return await self._github.page(call, Team, path, f"teams of {organization}", limit=limit)

    async def members(self, call: Call, organization: str, team: str, limit: int) -> Page[User]:
        """List the members of a team, those of its child teams too."""
        path = path_of("/orgs/{}/teams/{}/members", organization, team)
        return await self._github.page(call, User, path, f"the team {team} of {organization}", limit=limit)
