"""Gists of a person: a grant opens them by the login, and no repository opens one."""

from typing import Annotated, Any

from agent_vendors.github import GISTS
from mcp_kit.call import Call
from mcp_kit.errors import Refused, ToolFailed, WrongArguments
from mcp_kit.formatting import Moment
from mcp_kit.lockdown import is_locked
from mcp_kit.reply import Reply, rows
from mcp_kit.shown_names import Name
from mcp_kit.tool import Cursor, Limit, Resource, tool
from pydantic import AfterValidator, Field

from github_mcp.client.accounts import Accounts
from github_mcp.client.gists import Gists
from github_mcp.models.addresses import shown_address
from github_mcp.models.gists import Gist
from github_mcp.tools.arguments import FEWER, narrowed

GistId = Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$", description="An id of list_gists")]
Owner = Annotated[str, Resource(GISTS), AfterValidator(GISTS.check)]
FileName = Annotated[Name, Field(min_length=1, max_length=255)]
Content = Annotated[str, Field(min_length=1, max_length=500_000)]
Description = Annotated[str, Field(max_length=1_000)]
TO_GRANT = "Do without gists, or tell the operator to add gists: [LOGIN], the owner's, to the resources of the grant."


class GistTools:
    """The toolset `gists`."""

    def __init__(self, gists: Gists, accounts: Accounts) -> None:
        self._gists = gists
        self._accounts = accounts

    @tool("gists", checks=True)
    async def list_gists(
        self,
        call: Call,
        owner: Annotated[Owner | None, Field(description="Whose public ones; unset: the own account's")] = None,
        since: Moment | None = None,
        limit: Limit = 30,
        cursor: Cursor = None,
    ) -> Reply:
        """List gists with the names of their files, newest first."""
        _demand_grant(call)
        if owner is not None:
            await self._trust(call, owner)
        page = await self._gists.listed(call, owner, limit, {"since": since})
        shown = [one for one in page.rows if call.caller.may_touch(GISTS, one.owner.login)]
        hidden = len(page.rows) - len(shown)
        more = f" {hidden} of owners outside this caller's grant were left out." if hidden else ""
        whose = owner or "the token's account"
        items = rows("gists", [one.row() for one in shown])
        return Reply(
            f"{page.count('gists', hidden=hidden)} of {whose}{narrowed({'since': since})}:{more}",
            items,
            page.here,
            page.next,
            FEWER,
        )

    @tool("gists", checks=True)
    async def get_gist(
        self,
        call: Call,
        gist: GistId,
        filename: Annotated[FileName | None, Field(description="Unset: all files")] = None,
        cursor: Cursor = None,
    ) -> Reply:
        """Read a gist: its files, and what they hold."""
        found = await self._granted(call, gist)
        items = found.items(filename)
        if not items:
            raise ToolFailed(f"The gist {gist} has no such file.", next_step="Leave filename out.")
        more = " GitHub shows 300 of its files." if found.truncated else ""
        head = f"A {found.kind} gist{_at(found)}, {len(found.listed)} files:{more}"
        return Reply(head, [*rows("gist", [found.brief()]), *items], hint="filename gives one file.")

    @tool("gists", writes=True, checks=True)
    async def create_gist(
        self,
        call: Call,
        filename: FileName,
        content: Content,
        description: Description | None = None,
        public: Annotated[bool, Field(description="true shows it to everybody at once")] = False,
    ) -> Reply:
        """Create a gist of one file. A secret one is read by all who know its address. Not repeatable."""
        _demand_grant(call)
        if call.caller.bound is not None and not self._gists.gateway:
            _demand_grant(call, await self._accounts.own_login(call))
        fields: dict[str, Any] = {"files": {filename: {"content": content}}, "public": public}
        made = await self._gists.create(call, fields | ({"description": description} if description else {}))
        if made.public != public:
            raise ToolFailed(
                f"The gist was created{_at(made)}, but it is {made.kind}.",
                next_step="Do not repeat it: say what differs.",
            )
        return Reply(f"A {made.kind} gist was created{shown_address(made.address)}", rows("gist", [made.row()]))

    @tool("gists", writes=True, destructive=True, idempotent=True, checks=True)
    async def update_gist(
        self,
        call: Call,
        gist: GistId,
        filename: Annotated[FileName | None, Field(description="Added, or replaced whole")] = None,
        content: Content | None = None,
        description: Description | None = None,
    ) -> Reply:
        """Write a file of a gist, or its description."""
        if (filename is None) is not (content is None) or (filename is None and description is None):
            raise WrongArguments("filename and content together, or a description, are asked for; nothing was sent.")
        found = await self._granted(call, gist)
        fields: dict[str, Any] = {} if filename is None else {"files": {filename: {"content": content}}}
        now = await self._gists.update(
            call, found, fields if description is None else {**fields, "description": description}
        )
        return Reply(f"The {now.kind} gist was updated{_at(now)}; it is now:", rows("gist", [now.row()]))

    async def _granted(self, call: Call, gist: str) -> Gist:
        """Read a gist of an owner whose gists the grant opens."""
        _demand_grant(call)
        found = await self._gists.read(call, gist)
        _demand_grant(call, found.owner.login)
        await self._trust(call, found.owner.login)
        return found

    async def _trust(self, call: Call, owner: str) -> None:
        """Refuse in lockdown what another person than the token's own wrote."""
        if is_locked() and owner.casefold() != (await self._accounts.own_login(call)).casefold():
            raise Refused("Lockdown leaves out gists of other people.", next_step="Leave it.")


def _demand_grant(call: Call, owner: str | None = None) -> None:
    """Refuse where the grant opens no gists, or not those of this owner."""
    bound = call.caller.bound
    if bound is None:
        return
    if not bound.resources.get(GISTS):
        raise Refused("This caller's grant opens no gists; nothing was sent.", next_step=TO_GRANT)
    if owner is not None and not call.caller.may_touch(GISTS, owner):
        raise Refused("The owner's gists are outside this caller's grant.", next_step=TO_GRANT)


def _at(gist: Gist) -> str:
    return f": {gist.address}" if gist.address else ""
