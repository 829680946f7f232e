"""A repository is forked under a name that the caller gives, by a tool that is chosen by its name alone."""

from mcp_kit.caller import Caller
from service_kit.grants import Bound
from vendor.github_mcp.conftest import HELLO, GitHub, OpenTools, said


async def test_a_fork_is_made_once(open_tools: OpenTools, github: GitHub) -> None:
    """In an organization or the token's own account; a repeat is the same fork, and a taken name is told."""
    client = await open_tools(GITHUB_TOOLS="fork_repository")
    for fork in ("octo-org/hello", "octo-org/hello", "agent-bot/hello-world"):
        answer = said(await client.call_tool_mcp("fork_repository", {"repository": HELLO, "fork": fork}))
        assert answer.text.startswith(f"{fork} is a fork of {HELLO}."), answer.text
        assert f"{github.url}/{fork}" in answer.text
    world = github.app.stand_in.world
    assert [one.full_name for one in world.repositories.values() if one.parent] == [
        "octo-org/hello",
        "agent-bot/hello-world",
    ]


async def test_a_taken_name_is_told_before_anything_is_sent(open_tools: OpenTools, github: GitHub) -> None:
    """GitHub would fork under a name that nobody asked for, and that no grant has."""
    client = await open_tools(GITHUB_TOOLS="fork_repository")
    taken = said(await client.call_tool_mcp("fork_repository", {"repository": HELLO, "fork": "octo-org/planning"}))
    assert (taken.is_error, "another repository already; nothing was sent" in taken.text) == (True, True)
    assert github.app.stand_in.world.find("octo-org", "planning-1") is None


async def test_a_fork_outside_the_grant_is_refused(open_tools: OpenTools, github: GitHub) -> None:
    """The fork's own name must be granted."""
    caller = Caller("run", Bound(resources={"repositories": [HELLO]}, tools=["fork_repository"], mode="write"))
    client = await open_tools(caller, GITHUB_TOOLS="fork_repository")
    answer = said(await client.call_tool_mcp("fork_repository", {"repository": HELLO, "fork": "octo-org/hello"}))
    assert answer.is_error
    assert github.app.stand_in.world.find("octo-org", "hello") is None
