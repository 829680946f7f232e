"""Who asks, in which teams that is, and who is in a team."""

from typing import Annotated

from agent_vendors.github import REPOSITORIES
from mcp_kit.call import Call
from mcp_kit.errors import Quoted, ToolFailed
from mcp_kit.reply import Reply, rows
from mcp_kit.shown_names import Name
from mcp_kit.tool import Cursor, Limit, Resource, tool
from pydantic import Field

from github_mcp.client.accounts import Accounts
from github_mcp.models.addresses import plain_address
from github_mcp.tools.arguments import FEWER, Repository

ORGANIZATION = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$"
SHOWN = 30
"""Repositories that are shown of an installation's, or of a grant."""


def all_of(organization: str) -> str:
    """Return the pattern of a grant that opens an organization: all of its repositories."""
    return f"{organization}/*"


Organization = Annotated[str, Resource(REPOSITORIES, all_of), Field(pattern=ORGANIZATION)]


class AccountTools:
    """The toolsets `context` and `teams`."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    @tool("context", checks=True)
    async def get_me(self, call: Call) -> Reply:
        """Say whose token this is, and which repositories the caller may use."""
        me, grant = await self._accounts.me(call), _grant(call)
        if me is not None:
            return Reply(f"The token acts for this account.{grant}", rows("account", [me.row()]))
        head = "The token is a GitHub App's: GitHub names no account for it, and all else works as it is permitted."
        page = await self._accounts.opened(call.from_the_start(), SHOWN)
        if page is None:
            return Reply(f"{head}{grant}")
        opened = [one.name for one in page.rows if call.caller.may_touch(REPOSITORIES, one.full_name)]
        more = f" The first {len(opened)} repositories" if page.next else f" All {len(opened)} repositories"
        return Reply(f"{head}{grant}{more} that it may open for this caller:", rows("repositories", opened))

    @tool("repos", writes=True, danger=True, idempotent=True)
    async def fork_repository(
        self,
        call: Call,
        repository: Repository,
        fork: Annotated[
            Repository, Field(description="owner/name of the fork; owner: the token's account or an organization")
        ],
    ) -> Reply:
        """Fork a repository. A repeat returns the same fork."""
        made = await self._accounts.fork(call, repository, fork)
        if not REPOSITORIES.same(made.full_name, fork):
            raise ToolFailed(
                f"{repository} was forked, but not as {fork}.",
                quoted=Quoted("the fork", made.row()),
                next_step="Do not repeat it: say what differs.",
            )
        where = plain_address(made.html_url)
        return Reply(f"{fork} is a fork of {repository}. Its files may take a moment. {where}".rstrip())

    @tool("teams", checks=True)
    async def get_teams(
        self,
        call: Call,
        organization: Annotated[Organization | None, Field(description="Unset: the own account's teams")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Reply:
        """List the teams of an organization, or those that the token's own account is in."""
        if organization is None:
            page = await self._accounts.own_teams(call, limit)
        else:
            page = await self._accounts.teams(call, organization, limit)
        shown = [one for one in page.rows if call.caller.may_touch(REPOSITORIES, all_of(one.organization))]
        left_out = len(page.rows) - len(shown)
        more = f" {left_out} of organizations outside this caller's grant were left out." if left_out else ""
        whose = f"of {organization}" if organization else "of the token's account"
        items = rows("teams", [one.row() for one in shown])
        return Reply(f"{page.count('teams', hidden=left_out)} {whose}:{more}", items, page.here, page.next, FEWER)

    @tool("teams")
    async def get_team_members(
        self,
        call: Call,
        organization: Organization,
        team: Annotated[Name, Field(max_length=200, description="As get_teams shows it, without organization/")],
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Reply:
        """List the logins of a team's members, those of its child teams too."""
        page = await self._accounts.members(call, organization, team, limit)
        items = rows("members", [one.name for one in page.rows])
        return Reply(f"{page.count('members')} of the team in {organization}:", items, page.here, page.next)


def _grant(call: Call) -> str:
    """Say what a caller's grant opens; of a trusted one, that all is open."""
    if call.caller.bound is None:
        return " The caller may use all that it opens."
    names = call.caller.bound.resources.get(REPOSITORIES, [])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f" This caller's grant opens: {', '.join(names[:SHOWN]) or 'no repository'}{more}."
