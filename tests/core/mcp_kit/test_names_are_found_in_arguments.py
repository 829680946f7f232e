"""The resources that a call touches are named in arguments: plainly, in a list, inside a key, below a body."""

from typing import Annotated, Any

import pytest
from fixtures.resource_kinds import PROJECTS
from mcp_kit.call import Call
from mcp_kit.caller import Caller
from mcp_kit.metrics import Metrics
from mcp_kit.reply import Reply
from mcp_kit.runner import Runner
from mcp_kit.selection import Catalog, Selection
from mcp_kit.tool import Resource, collect, tool
from pydantic import Field
from service_kit.grants import Bound
from service_kit.rate_limit import Rate


class ProjectTools:
    """Tools that name a project each in another way."""

    @tool("projects")
    async def plain(self, call: Call, project: Annotated[str, Resource(PROJECTS)]) -> Reply:
        """Name it."""
        return Reply("ran")

    @tool("projects")
    async def several(self, call: Call, projects: Annotated[list[str], Resource(PROJECTS)]) -> Reply:
        """Name several."""
        return Reply("ran")

    @tool("projects", checks=True)
    async def optional(
        self, call: Call, within: Annotated[Annotated[str, Resource(PROJECTS)] | None, Field(description="One")] = None
    ) -> Reply:
        """Name it where it need not be named: the mark stands inside the argument's type."""
        return Reply("ran")

    @tool("projects")
    async def key(
        self, call: Call, issue: Annotated[str, Resource(PROJECTS, lambda key: key.rpartition("-")[0])]
    ) -> Reply:
        """Name it inside a key."""
        return Reply("ran")

    @tool("projects")
    async def body(
        self,
        call: Call,
        fields: Annotated[dict[str, Any], Resource(PROJECTS, lambda fields: fields["project"]["key"])],
    ) -> Reply:
        """Name it below a body."""
        return Reply("ran")


@pytest.mark.parametrize(
    ("name", "arguments", "granted"),
    [
        ("plain", {"project": "PROJ"}, True),
        ("plain", {"project": "OTHER"}, False),
        ("several", {"projects": ["PROJ", "proj"]}, True),
        ("several", {"projects": ["PROJ", "OTHER"]}, False),
        ("several", {"projects": []}, False),
        ("optional", {"within": "PROJ"}, True),
        ("optional", {"within": "OTHER"}, False),
        ("optional", {}, True),
        ("key", {"issue": "PROJ-7"}, True),
        ("key", {"issue": "OTHER-7"}, False),
        ("key", {"issue": "PROJ"}, False),
        ("key", {"issue": "OTHER-PROJ-7"}, False),
        ("body", {"fields": {"project": {"key": "PROJ"}}}, True),
        ("body", {"fields": {"project": {"key": "OTHER"}}}, False),
        ("body", {"fields": {"project": "PROJ"}}, False),
        ("body", {"fields": {}}, False),
        ("body", {"fields": {"project": {"key": 7}}}, False),
    ],
)
async def test_every_name_is_held_against_the_grant(name: str, arguments: dict[str, Any], granted: bool) -> None:
    """Each name that an argument holds must be granted; where none is found, nothing is granted."""
    catalog = Catalog(collect(ProjectTools()), aliases={}, selection=Selection())
    runner = Runner(server="x", catalog=catalog, rate=Rate(), metrics=Metrics(), budget=4_000, ref_key=None)
    caller = Caller("run", Bound(tools=[name], resources={"projects": ["PROJ"]}))
    answer = await runner.answer(name, arguments, caller=caller, headers={})
    assert (answer.text == "ran", "caller's grant; nothing was sent" in answer.text) == (granted, not granted)
