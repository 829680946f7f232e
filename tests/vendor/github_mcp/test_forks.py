"""A repository is forked under a name that the caller gives, by a tool that is chosen by its name alone."""

from typing import Any

import httpx
import pytest
from mcp_kit.caller import Caller
from service_kit.grants import Bound
from vendor.github_mcp.conftest import HELLO, TOKEN, GitHub, OpenTools, said


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


async def a_fork_with_a_branch(github: GitHub, owner: str = "octo-org") -> None:
    """Fork octocat/hello-world, and commit to a branch of the fork."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(verify=False, base_url=github.url, headers=headers) as http:
        (await http.post(f"/repos/{HELLO}/forks", json={"organization": owner})).raise_for_status()
        at = github.hello.history.branches["main"]
        fork, branch = f"/repos/{owner}/hello-world", {"ref": "refs/heads/topic", "sha": at}
        (await http.post(f"{fork}/git/refs", json=branch)).raise_for_status()
        file = {"message": "Add it", "content": "bmV3", "branch": "topic"}
        (await http.put(f"{fork}/contents/new.txt", json=file)).raise_for_status()


ASKED = {"repository": HELLO, "title": "From a fork", "head": "octo-org:topic", "base": "main"}


async def test_a_pull_request_is_opened_from_a_fork(open_tools: OpenTools, github: GitHub) -> None:
    """Its branch is the fork's, and what it changes is read as of any other."""
    await a_fork_with_a_branch(github)
    client = await open_tools()
    made = said(await client.call_tool_mcp("create_pull_request", ASKED))
    assert f"{HELLO}#8 was opened" in made.text, made.text
    of_it = {"repository": HELLO, "pull_request": 8}
    assert (
        '"octo-org:topic" -> "main", 1 commits, 1 files +1 -0'
        in said(await client.call_tool_mcp("pull_request_read", of_it)).text
    )
    files = said(await client.call_tool_mcp("pull_request_read", {**of_it, "method": "get_files"}))
    assert 'added "new.txt" +1 -0' in files.text
    again = said(await client.call_tool_mcp("create_pull_request", ASKED))
    assert (again.is_error, "already exists for octo-org:topic" in again.text) == (True, True)


@pytest.mark.parametrize(
    ("granted", "head", "says"),
    [
        ([HELLO, "octo-org/hello-world"], "octo-org:topic", f"{HELLO}#8 was opened"),
        ([HELLO, "octo-org/*"], "octo-org:topic", f"{HELLO}#8 was opened"),
        ([HELLO], "octo-org:topic", "The branch is of octo-org/hello-world, which is outside this caller's grant"),
        ([HELLO, "agent-bot/*"], "agent-bot:main", f"agent-bot/hello-world is no fork of {HELLO}; nothing was sent."),
    ],
)
async def test_the_fork_of_a_new_pull_request_is_granted(
    open_tools: OpenTools, github: GitHub, granted: list[str], head: str, says: str
) -> None:
    """A confined caller opens one from a fork of its grant alone, and is told why another is refused."""
    await a_fork_with_a_branch(github)
    github.app.stand_in.world.add_repository("agent-bot/hello-world", private=False, description="Another")
    grant = Bound(resources={"repositories": granted}, tools=["create_pull_request"], mode="write")
    client = await open_tools(Caller("run", grant))
    answer = said(await client.call_tool_mcp("create_pull_request", {**ASKED, "head": head}))
    assert says in answer.text, answer.text
    assert (8 in github.hello.issues) is (not answer.is_error)


@pytest.mark.parametrize(
    ("tool", "asked", "is_refused"),
    [
        ("update_pull_request_branch", {}, True),
        ("update_pull_request", {"maintainer_can_modify": True}, True),
        ("update_pull_request", {"title": "Better"}, False),
    ],
)
async def test_what_is_written_to_a_fork_needs_its_grant(
    open_tools: OpenTools, github: GitHub, tool: str, asked: dict[str, Any], is_refused: bool
) -> None:
    """A pull request of the grant may have its branch elsewhere: commits to it, and who may push, are the fork's."""
    await a_fork_with_a_branch(github)
    assert not said(await (await open_tools()).call_tool_mcp("create_pull_request", ASKED)).is_error
    client = await open_tools(Caller("run", Bound(resources={"repositories": [HELLO]}, tools=[tool], mode="write")))
    answer = said(await client.call_tool_mcp(tool, {"repository": HELLO, "pull_request": 8, **asked}))
    assert answer.is_error is is_refused, answer.text
    assert ("of octo-org/hello-world, which is outside this caller's grant" in answer.text) is is_refused
