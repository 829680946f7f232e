"""A text that a caller reads names a tool only where it can be called, or says which toolset has it."""

import re
from typing import Any

from fastmcp import Client
from github_mcp.client.commits import NO_REF
from github_mcp.refusal import FIELDS
from github_mcp.server import DEFAULT, build_server
from github_mcp.settings import GitHubSettings
from service_kit.settings import load
from vendor.github_mcp.conftest import HELLO, OpenTools, said

TOOLSETS = {tool.name: tool.toolset for tool in build_server(load(GitHubSettings, {})).tools}
OTHERS = {name: toolset for name, toolset in TOOLSETS.items() if toolset not in DEFAULT}


def bare(text: str) -> set[str]:
    """Return the tools beyond the default toolsets that a text names without saying which toolset has them."""
    return {name for name, toolset in OTHERS.items() if re.search(rf"\b{name}\b(?! \(toolset {toolset}\))", text)}


async def test_a_schema_names_only_tools_that_are_shown_beside_it(open_tools: OpenTools) -> None:
    """What is listed where nobody chooses toolsets names no tool of another one."""
    client: Client[Any] = await open_tools(GITHUB_TOOLSETS="")
    for tool in await client.list_tools():
        assert not bare(f"{tool.description} {tool.input_schema}"), tool.name


def test_what_to_do_about_a_value_names_the_toolset() -> None:
    """A field that GitHub does not take, or a ref that is not there, leads to a tool and its toolset."""
    for text in (*FIELDS.values(), *(step for _, step in NO_REF.values())):
        assert not bare(text), text


async def test_a_milestone_that_is_not_there_names_the_toolset(open_tools: OpenTools) -> None:
    """The tool that lists milestones is not among the default ones."""
    client = await open_tools(GITHUB_TOOLSETS="")
    asked = {"repository": HELLO, "method": "update", "issue": 1, "milestone": "Nowhere"}
    answer = said(await client.call_tool_mcp("issue_write", asked))
    assert (answer.is_error, "list_milestones (toolset issue_depth)" in answer.text) == (True, True), answer.text
