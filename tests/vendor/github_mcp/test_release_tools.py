"""Releases are listed, read by their tag and drafted; notes come from GitHub, deployments with their latest status."""

from typing import Any

import httpx
import pytest
from vendor.github_mcp.conftest import HELLO, READER, TOKEN, Ask, GitHub, OpenTools, Said, said


@pytest.fixture
async def ask(open_tools: OpenTools) -> Ask:
    """Call a tool of the toolset `releases`, which nobody sees who does not choose it."""
    client = await open_tools(GITHUB_TOOLSETS="releases")

    async def asking(tool: str, **arguments: Any) -> Said:
        return said(await client.call_tool_mcp(tool, {"repository": HELLO, **arguments}))

    return asking


async def test_the_toolset_is_opted_into(open_tools: OpenTools) -> None:
    """Where nobody chooses, no tool of the releases is shown."""
    shown = {tool.name for tool in await (await open_tools(GITHUB_TOOLSETS="default")).list_tools()}
    assert "list_issues" in shown
    assert not {"list_releases", "create_release", "generate_release_notes", "list_deployments"} & shown


async def test_releases_are_listed_newest_first(ask: Ask) -> None:
    """A row has tag, state, date, name, author and the beginning of the notes; the cursor leads to the end."""
    answer = await ask("list_releases", limit=2)
    assert answer.text.startswith(f"releases 1 to 2 of {HELLO}:")
    assert answer.text.index('"v2.3.0" published 2026-09-15') < answer.text.index('"v2.2.0" published 2026-08-20')
    assert '"Greetings in French and German" by octocat, 2 assets: "' in answer.text
    cursor = answer.text.rpartition("next_cursor: ")[2]
    rest = await ask("list_releases", limit=2, cursor=cursor)
    assert '"v2.1.0" published' in rest.text
    assert "next_cursor" not in rest.text
    brief = await ask("list_releases", detail="brief")
    assert "octocat," not in brief.text


@pytest.mark.parametrize(
    ("tool", "arguments", "tag"),
    [
        ("list_releases", {"latest": True}, "v2.3.0"),
        ("list_releases", {"tag": "v2.2.0"}, "v2.2.0"),
        ("get_release_by_tag", {"tag": "v2.2.0"}, "v2.2.0"),
        ("get_latest_release", {}, "v2.3.0"),
    ],
)
async def test_one_release_is_read(ask: Ask, tool: str, arguments: dict[str, object], tag: str) -> None:
    """A release is read by its tag or as the latest, also by the peer's names of these tools."""
    answer = await ask(tool, **arguments)
    assert f'"{tag}" published' in answer.text
    if tool == "list_releases":
        assert f"/{HELLO}/releases/tag/{tag}:" in answer.text
        assert ("SHA256SUMS" in answer.text) == (tag == "v2.3.0")


async def test_a_tag_without_a_release_is_explained(ask: Ask) -> None:
    """A 404 names the tag, and where drafts are found; two ways at once are refused."""
    answer = await ask("list_releases", tag="release/9.9")
    assert answer.is_error
    assert f'GitHub knows no release "release/9.9" of {HELLO}' in answer.text
    assert "drafts" in answer.text
    both = await ask("list_releases", tag="v2.2.0", latest=True)
    assert (both.is_error, "do not go together" in both.text) == (True, True)


async def test_notes_hold_what_was_merged_between_two_tags(ask: Ask) -> None:
    """Notes name each merged pull request and its author; without a previous tag GitHub takes the release before."""
    both = await ask("generate_release_notes", tag="v2.3.0", previous_tag="v2.2.0")
    assert both.text.startswith(f'Notes from "v2.2.0" to "v2.3.0" in {HELLO}; nothing was saved:')
    assert "* Greet in French and German by @kim-example in " in both.text
    assert "New Contributors" in both.text
    assert "/compare/v2.2.0...v2.3.0" in both.text
    assert "/compare/v2.2.0...v2.3.0" in (await ask("generate_release_notes", tag="v2.3.0")).text
    coming = await ask("generate_release_notes", tag="v2.4.0", target="main")
    assert "/compare/v2.3.0...v2.4.0" in coming.text
    assert "What's Changed" not in coming.text
    wrong = await ask("generate_release_notes", tag="v2.3.0", previous_tag="v0.0.0")
    assert (wrong.is_error, "Invalid previous_tag parameter" in wrong.text) == (True, True)


async def test_a_release_is_a_draft_unless_told(ask: Ask, github: GitHub) -> None:
    """A draft is made by default, and its address told; it takes no tag until it is published."""
    answer = await ask("create_release", tag="v2.4.0", name="Next", body="Notes.")
    assert answer.text.startswith(f'Draft release of "v2.4.0" was created in {HELLO}: {github.url}/{HELLO}/releases')
    assert "v2.4.0" not in github.hello.history.tags
    listed = await ask("list_releases")
    assert '"v2.4.0" draft "Next" by agent-bot, of "main"' in listed.text
    published = await ask("create_release", tag="v2.4.0", draft=False, prerelease=True)
    assert published.text.startswith('Release of "v2.4.0" was created')
    assert "v2.4.0" in github.hello.history.tags
    again = await ask("create_release", tag="v2.4.0", draft=False)
    assert again.is_error
    assert "tag_name already_exists" in again.text
    assert "list_releases (toolset releases) shows all" in again.text


async def test_who_may_not_push_is_told_what_is_missing(open_tools: OpenTools) -> None:
    """GitHub says 404 to a reader who asks for notes or makes a release: the reply names the access."""
    client = await open_tools(GITHUB_TOOLSETS="releases", GITHUB_TOKEN=READER)
    answer = said(await client.call_tool_mcp("generate_release_notes", {"repository": HELLO, "tag": "v2.3.0"}))
    assert (answer.is_error, "write access to Contents" in answer.text) == (True, True)
    made = said(await client.call_tool_mcp("create_release", {"repository": HELLO, "tag": "v9"}))
    assert (made.is_error, "lacks Contents (read and write)" in made.text) == (True, True), made.text


async def test_deployments_say_what_runs_where(ask: Ask, github: GitHub) -> None:
    """Each deployment has its environment, ref, commit and latest status; a filter leaves one environment."""
    answer = await ask("list_deployments")
    assert answer.text.startswith(f"4 deployments of {HELLO}:")
    assert '"staging" "main" ' in answer.text
    assert "failure 2026-11-18T07:04Z \"KeyError: 'HOME'\" log https://deploy.example/runs/97" in answer.text
    production = await ask("list_deployments", environment="production", limit=1)
    assert production.text.startswith(f"deployments 1 to 1 of {HELLO}, narrowed by environment:")
    sha = github.hello.history.tags["v2.3.0"][:7]
    assert f'"production" "v2.3.0" {sha}, success 2026-09-16T08:20Z' in production.text
    assert "next_cursor" in production.text


async def test_replies_cost_few_bytes(ask: Ask, github: GitHub) -> None:
    """A list of releases costs at most two fifths of GitHub's own reply, a list of deployments with statuses too."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(verify=False, base_url=github.url, headers=headers) as http:
        for tool, path in (("list_releases", "releases"), ("list_deployments", "deployments")):
            raw = await http.get(f"/repos/{HELLO}/{path}")
            answer = await ask(tool)
            print(f"{tool}: ours {len(answer.text.encode())}, raw {len(raw.content)}")
            assert len(answer.text.encode()) <= len(raw.content) * 0.4
