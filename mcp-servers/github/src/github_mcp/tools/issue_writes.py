"""Creates and changes issues."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Literal

from mcp_kit.call import Call
from mcp_kit.errors import Quoted, ToolFailed, WrongArguments
from mcp_kit.formatting import quote
from mcp_kit.reply import Reply, rows
from mcp_kit.several_writes import Write, write_all
from mcp_kit.shown_names import Name, find_known, show_name
from mcp_kit.tool import tool
from pydantic import Field

from github_mcp.client.issues import Issues
from github_mcp.client.planning import Planning
from github_mcp.models.threads import Issue
from github_mcp.tools.arguments import Repository

Labels = Annotated[list[Name] | None, Field(max_length=50)]
Logins = Annotated[list[Name] | None, Field(max_length=10)]


class IssueWriteTools:
    """The tool of the toolset `issues` that creates and changes them."""

    def __init__(self, issues: Issues, planning: Planning) -> None:
        self._issues = issues
        self._planning = planning

    @tool("issues", writes=True, destructive=True)
    async def issue_write(
        self,
        call: Call,
        repository: Repository,
        method: Literal["create", "update"],
        issue: Annotated[int | None, Field(ge=1, description="For update")] = None,
        title: Annotated[str | None, Field(min_length=1, max_length=256)] = None,
        body: Annotated[str | None, Field(max_length=65_000, description="Markdown")] = None,
        labels: Annotated[
            list[Name] | None, Field(max_length=50, description="Replaces all. Unknown names are created")
        ] = None,
        add_labels: Annotated[Labels, Field(description="These keep the others")] = None,
        remove_labels: Labels = None,
        state: Literal["open", "closed"] | None = None,
        state_reason: Literal["completed", "not_planned", "duplicate", "reopened"] | None = None,
        assignees: Annotated[list[Name] | None, Field(max_length=10, description="Logins; replaces all")] = None,
        add_assignees: Logins = None,
        remove_assignees: Logins = None,
        milestone: Annotated[int | Name | None, Field(description="Number or title; 0: none")] = None,
        type: Annotated[Name | None, Field(description='Name of one; "": none')] = None,  # noqa: A002
    ) -> Reply:
        """Create an issue, or update one: fields left out stay. Take labels from list_labels."""
        asked = {"title": title, "body": body, "labels": labels, "assignees": assignees}
        asked |= {"state": state, "state_reason": state_reason}
        fields: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        if type is not None:
            fields["type"] = type or None
        listed = {"add_labels": add_labels, "remove_labels": remove_labels}
        listed |= {"add_assignees": add_assignees, "remove_assignees": remove_assignees}
        changes = {name: given for name, given in listed.items() if given}
        _check(method, issue, fields, changes, chooses_milestone=milestone is not None)
        if milestone is not None:
            fields["milestone"] = await self._milestone(call, repository, milestone)
        new = await self._know_labels(call, repository, fields, changes)
        if issue is None:
            written = await self._issues.create(call, repository, fields)
        elif not changes:
            written = await self._issues.update(call, repository, issue, fields)
        else:
            await write_all(list(self._writes(call, repository, issue, fields, changes)))
            written = await self._issues.read(call, repository, issue)
        target, done = f"{repository}#{written.number}", "created" if method == "create" else "updated"
        _demand(written, fields, changes, f"{target} was {done}")
        facts = rows(f"facts of {target}", [written.row(excerpt=0)])
        if new:
            call.notes.append(f"New labels of {repository} were made: {' '.join(map(show_name, new))}.")
        return Reply(f"{target} was {done}; it is now: {written.address}".rstrip(), facts)

    def _writes(
        self, call: Call, repository: str, issue: int, fields: dict[str, Any], changes: dict[str, list[str]]
    ) -> Iterator[Write]:
        """Yield the writes of an update: GitHub takes what is added and removed by requests of their own."""
        issues = self._issues
        if fields:
            yield "the fields were updated", partial(issues.update, call, repository, issue, fields)
        if names := changes.get("add_labels"):
            yield "labels were added", partial(issues.add_labels, call, repository, issue, names)
        for name in changes.get("remove_labels", []):
            yield (
                f"the label {show_name(name)} was removed",
                partial(issues.remove_label, call, repository, issue, name),
            )
        if logins := changes.get("add_assignees"):
            yield "people were assigned", partial(issues.assign, call, repository, issue, logins)
        if logins := changes.get("remove_assignees"):
            yield "people were unassigned", partial(issues.unassign, call, repository, issue, logins)

    async def _know_labels(
        self, call: Call, repository: str, fields: dict[str, Any], changes: dict[str, list[str]]
    ) -> list[str]:
        """Put the repository's own labels in the place of their lookalikes, and return those that GitHub will make."""
        given = [(fields, "labels"), (changes, "add_labels"), (changes, "remove_labels")]
        named = [(where, name) for where, name in given if where.get(name)]
        if named:
            known = [label.name for label in await self._issues.all_labels(call, repository)]
            for where, name in named:
                where[name] = find_known(where[name], known, fold=str.lower, what="label")
        is_known = set(known) if named else set()
        return [one for where, name in named if name != "remove_labels" for one in where[name] if one not in is_known]

    async def _milestone(self, call: Call, repository: str, wanted: int | str) -> int | None:
        """Return the number of a milestone that is named by its number or its title; None for 0."""
        if str(wanted) == "0":
            return None
        known = await self._planning.all_milestones(call, repository)
        numbered = [one for one in known if str(one.number) == str(wanted)]
        titled = [one for one in known if one.title.casefold() == str(wanted).casefold()]
        found = {one.number: one for one in [*numbered, *titled]}
        if len(found) == 1:
            return next(iter(found))
        if not found:
            raise WrongArguments(
                f"{repository} has no milestone {show_name(str(wanted))}; nothing was sent.",
                next_step="list_milestones (toolset issue_depth) shows them all with state=all.",
            )
        raise WrongArguments(
            f"{len(found)} milestones of {repository} fit; nothing was sent.",
            quoted=Quoted("milestones that fit", "\n".join(one.row() for one in found.values())),
            next_step="Give the number of the one that is meant, or do without.",
        )


def _check(
    method: str, issue: int | None, fields: dict[str, Any], changes: dict[str, list[str]], *, chooses_milestone: bool
) -> None:
    """Raise unless the arguments fit together."""
    if method == "create":
        stateful = fields.get("state") == "closed" or "state_reason" in fields
        if issue is not None or "title" not in fields or stateful:
            raise WrongArguments("create needs a title, and neither issue nor a state; nothing was sent.")
        if changes:
            raise WrongArguments(
                f"{next(iter(changes))} goes with update; nothing was sent.", next_step="Use labels and assignees."
            )
        fields.pop("state", None)
        return
    if issue is None or not (fields or changes or chooses_milestone):
        raise WrongArguments("update needs issue and at least one field; nothing was sent.")
    for whole in ("labels", "assignees"):
        if whole in fields and (f"add_{whole}" in changes or f"remove_{whole}" in changes):
            raise WrongArguments(
                f"{whole} replaces all of them, so add_{whole} and remove_{whole} do not go with it; nothing was sent."
            )


def _demand(written: Issue, fields: dict[str, Any], changes: dict[str, list[str]], done: str) -> None:
    """Raise unless what was asked for is in GitHub's own reply: it drops labels and more without push access."""
    missing: list[str] = []
    for name, real in (
        ("labels", [label.name for label in written.labels]),
        ("assignees", [user.login for user in written.assignees]),
    ):
        is_now = {item.casefold() for item in real}
        wanted = {item.casefold() for item in [*fields.get(name, real), *changes.get(f"add_{name}", [])]}
        unwanted = {item.casefold() for item in changes.get(f"remove_{name}", [])} & is_now
        if wanted - is_now:
            missing.append(f"{name} not set: " + " ".join(map(show_name, sorted(wanted - is_now))))
        if extra := (is_now - wanted) | unwanted:
            missing.append(f"{name} not removed: " + " ".join(map(show_name, sorted(extra))))
    for name, now in (("state", written.state), ("title", written.title)):
        if fields.get(name, now) != now:
            missing.append(f"{name} is still {quote(now)}")
    milestone = written.milestone.number if written.milestone else None
    if fields.get("milestone", milestone) != milestone:
        missing.append(f"milestone is still {quote(written.milestone.title) if written.milestone else 'none'}")
    kind = written.type.name if written.type else ""
    if (fields.get("type", kind) or "").casefold() != kind.casefold():
        missing.append(f"type is still {quote(kind) if kind else 'none'}")
    if missing:
        raise ToolFailed(
            f"{done}, but GitHub did not do all of it.",
            quoted=Quoted("what was not done", "\n".join(missing)),
            next_step="Do not repeat it: the token probably lacks push access. Say what was not set.",
        )
