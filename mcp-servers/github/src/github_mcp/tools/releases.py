"""Releases, their notes, and deployments."""

from typing import Annotated, Any

from mcp_kit.call import Call
from mcp_kit.errors import Quoted, ToolFailed, WrongArguments
from mcp_kit.reply import Reply, rows, section
from mcp_kit.shown_names import Name, show_name
from mcp_kit.tool import Cursor, Detail, Limit, tool
from pydantic import Field

from github_mcp.client.releases import Releases
from github_mcp.models.releases import Release
from github_mcp.tools.arguments import FEWER, Repository, narrowed

Tag = Annotated[Name, Field(min_length=1, max_length=255)]
MOST_DEPLOYMENTS = 10
"""A page of deployments: each costs a request for its latest status."""


class ReleaseTools:
    """The toolset `releases`."""

    def __init__(self, releases: Releases) -> None:
        self._releases = releases

    @tool("releases")
    async def list_releases(
        self,
        call: Call,
        repository: Repository,
        tag: Annotated[Tag | None, Field(description="Read the release of this tag")] = None,
        latest: Annotated[bool, Field(description="Read the latest one")] = False,
        detail: Detail = "compact",
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Reply:
        """List a repository's releases, newest first; or read one, by tag or the latest. Drafts are only listed."""
        if tag and latest:
            raise WrongArguments("tag and latest do not go together; nothing was sent.", next_step="Give one of them.")
        if tag or latest:
            found = await self._releases.read(call, repository, tag)
            return Reply(f"A release of {repository}{_at(found)}:", [section(f"release of {repository}", found.text())])
        page = await self._releases.listed(call, repository, limit)
        label = f"releases of {repository}"
        if detail == "full":
            items = [section(label, one.text()) for one in page.rows]
        else:
            items = rows(label, [one.brief() if detail == "brief" else one.row() for one in page.rows])
        return Reply(f"{page.count('releases')} of {repository}:", items, page.here, page.next, FEWER)

    @tool("releases")
    async def generate_release_notes(
        self,
        call: Call,
        repository: Repository,
        tag: Annotated[Tag, Field(description="Of the release; need not exist yet")],
        previous_tag: Annotated[Tag | None, Field(description="Unset: of the release before")] = None,
        target: Annotated[Tag | None, Field(description="Branch or commit of a new tag; unset: default branch")] = None,
        cursor: Cursor = None,
    ) -> Reply:
        """Have GitHub write a release's notes: pull requests merged since a tag, new contributors. Saves nothing."""
        fields = _given(tag_name=tag, previous_tag_name=previous_tag, target_commitish=target)
        notes = await self._releases.notes(call, repository, fields)
        since = f"from {show_name(previous_tag)} to " if previous_tag else "of "
        head = f"Notes {since}{show_name(tag)} in {repository}; nothing was saved:"
        return Reply(head, [section(f"notes in {repository}", notes.body or "(empty)")])

    @tool("releases", writes=True)
    async def create_release(
        self,
        call: Call,
        repository: Repository,
        tag: Annotated[Tag, Field(description="Made at target when published, if it is not there")],
        name: Annotated[str | None, Field(max_length=255, description="Unset: the tag")] = None,
        body: Annotated[str | None, Field(max_length=120_000, description="Markdown")] = None,
        target: Annotated[Tag | None, Field(description="Branch or commit; unset: default branch")] = None,
        draft: Annotated[bool, Field(description="false publishes it to everybody at once")] = True,
        prerelease: bool = False,
    ) -> Reply:
        """Create a release, as a draft that people publish. Not repeatable: a second call makes a second draft."""
        fields = _given(tag_name=tag, name=name, body=body, target_commitish=target)
        made = await self._releases.create(call, repository, {**fields, "draft": draft, "prerelease": prerelease})
        kind = "Draft release" if made.draft else "Release"
        if made.tag_name != tag or made.draft != draft:
            raise ToolFailed(
                f"{kind} was created in {repository}{_at(made)}, but not as it was asked for.",
                quoted=Quoted("what it is", made.brief()),
                next_step="Do not repeat it: say what differs.",
            )
        where = f": {made.address}" if made.address else "."
        return Reply(f"{kind} of {show_name(tag)} was created in {repository}{where}")

    @tool("releases")
    async def list_deployments(
        self,
        call: Call,
        repository: Repository,
        environment: Annotated[Name | None, Field(max_length=255)] = None,
        ref: Annotated[Name | None, Field(max_length=255, description="As it was deployed")] = None,
        limit: Annotated[int, Field(ge=1, le=MOST_DEPLOYMENTS)] = 5,
        cursor: Cursor = None,
    ) -> Reply:
        """List deployments, newest first, each with its latest status: what runs where."""
        query = {"environment": environment, "ref": ref}
        page = await self._releases.deployments(call, repository, limit, query)
        texts = [one.row(await self._releases.latest_status(call, repository, one.id)) for one in page.rows]
        items = rows(f"deployments of {repository}", texts)
        return Reply(
            f"{page.count('deployments')} of {repository}{narrowed(query)}:", items, page.here, page.next, FEWER
        )


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _at(release: Release) -> str:
    return f" at {release.address}" if release.address else ""
