"""Projects of organizations: what is planned in them, and how it stands."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Literal

from agent_vendors.github import REPOSITORIES
from mcp_kit.call import Call
from mcp_kit.errors import Quoted, ToolFailed, WrongArguments
from mcp_kit.paging import fill
from mcp_kit.reply import Reply, rows, section
from mcp_kit.shown_names import read_name, show_name
from mcp_kit.tool import Cursor, Limit, tool
from pydantic import Field, StrictFloat, StrictStr

from github_mcp.client.projects import Projects
from github_mcp.models.projects import ProjectField, ProjectItem
from github_mcp.tools.accounts import Organization
from github_mcp.tools.arguments import FEWER, Repository, narrowed, require_method

Owner = Annotated[Organization, Field(description="An organization")]
Number = Annotated[int, Field(ge=1)]
MOST_ASKED = 10
"""Pages of 100 items that are looked through for those with wanted values."""


OF_ONE = ("get_project", "list_project_fields", "list_project_items", "get_project_item")
"""What is read of one project."""


class ProjectTools:
    """The toolset `projects`."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects

    @tool("projects")
    async def projects_list(
        self,
        call: Call,
        owner: Owner,
        method: Literal[
            "list_projects", "get_project", "list_project_fields", "list_project_items", "get_project_item"
        ] = "list_projects",
        project: Annotated[Number | None, Field(description="Number; for all but list_projects")] = None,
        item: Annotated[Number | None, Field(description="Id; get_project_item")] = None,
        where: Annotated[
            dict[str, str] | None, Field(max_length=5, description='list_project_items: {"Status": "Todo"}')
        ] = None,
        limit: Limit = 30,
        cursor: Cursor = None,
    ) -> Reply:
        """List or read an organization's projects, their fields with the choices, and their items with the values."""
        require_method(method, "list_project_items", where=where)
        if method == "list_projects":
            require_method(method, *OF_ONE, project=project, item=item)
            page = await self._projects.listed(call, owner, limit)
            items = rows(f"projects of {owner}", [one.row() for one in page.rows])
            return Reply(f"{page.count('projects')} of {owner}:", items, page.here, page.next, FEWER)
        if project is None or (item is None) == (method == "get_project_item"):
            raise WrongArguments(f"{method} needs project; get_project_item alone takes item; nothing was sent.")
        target = f"project {project} of {owner}"
        if method == "get_project":
            found = await self._projects.read(call, owner, project)
            about = section(f"about {target}", found.description) if found.description else None
            return Reply(f"{target}:", [*rows("facts", [found.row()]), *([about] if about else [])])
        fields = await self._projects.fields(call, owner, project)
        if method == "list_project_fields":
            return Reply(f"{len(fields)} fields of {target}:", rows("fields", [one.row() for one in fields]))
        if item is not None:
            one = await self._projects.item(call, owner, project, item, fields)
            _require_granted(call, one, target)
            text = one.issue.body if one.issue else one.draft.body if one.draft else None
            body = [section(f"body of item {item}", text)] if text else []
            return Reply(f"Item of {target}{_at(one)}:", [*rows("facts", [one.row()]), *body])
        return await self._items(call, owner, project, fields, where or {}, limit)

    @tool("projects", writes=True, idempotent=True)
    async def projects_write(
        self,
        call: Call,
        owner: Owner,
        project: Number,
        method: Literal["add_project_item", "update_project_item"],
        repository: Annotated[Repository | None, Field(description="add: of the issue")] = None,
        issue: Annotated[Number | None, Field(description="add: issue or pull request")] = None,
        item: Annotated[Number | None, Field(description="update: its id")] = None,
        fields: Annotated[
            dict[str, StrictStr | StrictFloat | None] | None,
            Field(max_length=10, description='update: {"Status": "Done", "Note": null}'),
        ] = None,
    ) -> Reply:
        """Add an issue or pull request to a project, or set an item's fields by name. A repeat changes nothing."""
        target = f"project {project} of {owner}"
        if method == "add_project_item":
            if repository is None or issue is None or item is not None or fields:
                raise WrongArguments("add_project_item needs repository and issue alone; nothing was sent.")
            made, added = await self._projects.add(call, owner, project, repository, issue)
            return Reply(f"{repository}#{issue} is item {made.id} of {target}. {added.address}".rstrip())
        if item is None or not fields or repository is not None or issue is not None:
            raise WrongArguments("update_project_item needs item and fields alone; nothing was sent.")
        known = await self._projects.fields(call, owner, project)
        found = {name: _known(name, known, "nothing was sent") for name in fields}
        values = {found[name].id: found[name].value_of(value) for name, value in fields.items()}
        before = await self._projects.item(call, owner, project, item, [])
        _require_granted(call, before, target)
        await self._projects.update(call, owner, project, item, values)
        now = await self._projects.item(call, owner, project, item, known)
        return Reply(f"Item {item} of {target} was updated{_at(now)}; it is now:", rows("item", [now.row()]))

    @tool("projects", writes=True, danger=True, idempotent=True)
    async def delete_project_item(self, call: Call, owner: Owner, project: Number, item: Number) -> Reply:
        """Take an item from a project, with its values there. The issue itself stays; a draft is lost."""
        target = f"project {project} of {owner}"
        before = await self._projects.item(call, owner, project, item, [])
        _require_granted(call, before, target)
        await self._projects.remove(call, owner, project, item)
        return Reply(f"Item {item} was taken from {target}{_at(before)}; it was:", rows("item", [before.row()]))

    async def _items(
        self,
        call: Call,
        owner: str,
        project: int,
        fields: Sequence[ProjectField],
        where: Mapping[str, str],
        limit: int,
    ) -> Reply:
        found = {name: _known(name, fields, "no item was looked at") for name in where}
        wanted = {found[name].id: found[name].shown_value(read_name(value)) for name, value in where.items()}
        foreign = 0

        def keep(one: ProjectItem) -> bool:
            nonlocal foreign
            seen = _is_granted(call, one)
            foreign += not seen
            return seen and one.is_so(wanted)

        size = 100 if wanted else limit
        ask = partial(self._projects.items, owner=owner, project=project, limit=size, fields=fields)
        page = await fill(call, ask, keep, limit=limit, most=MOST_ASKED if wanted else 1)
        which = narrowed({"where": where or None})
        head = (
            f"{page.count('items')} of project {project} of {owner}{which}{', each with its id' if page.rows else ''}:"
        )
        head += f" {foreign} outside this caller's grant were left out." if foreign else ""
        if wanted and page.next and len(page.rows) - page.skipped < limit:
            head += f" {page.left_out} others were looked through up to here; next_cursor goes on behind them."
        return Reply(head, rows("items", [one.row() for one in page.rows]), page.here, page.next, FEWER)


def _known(name: str, fields: Sequence[ProjectField], ended: str) -> ProjectField:
    """Return the field of a name, case aside, in which items have values of their own; else say how the call ended."""
    wanted = read_name(name).casefold()
    found = next((one for one in fields if one.settable and one.name.casefold() == wanted), None)
    if found is None:
        raise WrongArguments(
            f"The project has no such field in which items have values of their own; {ended}.",
            quoted=Quoted("its fields", " ".join(show_name(one.name) for one in fields if one.settable)),
            next_step="Take one of them; labels, assignees and the like are the issue's own.",
        )
    return found


def _is_granted(call: Call, one: ProjectItem) -> bool:
    """Return whether a caller may see an item: a draft is the project's, and the rest its repository's."""
    if one.issue is None:
        return one.draft is not None or call.caller.bound is None
    return call.caller.may_touch(REPOSITORIES, one.issue.repository)


def _require_granted(call: Call, one: ProjectItem, target: str) -> None:
    if not _is_granted(call, one):
        raise ToolFailed(f"The item of {target} is outside this caller's grant.", next_step="Leave it.")


def _at(one: ProjectItem) -> str:
    return f" at {one.issue.address}" if one.issue and one.issue.address else ""
