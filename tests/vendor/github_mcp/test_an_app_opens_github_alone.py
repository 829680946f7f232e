"""Alone, github-mcp opens GitHub as an App: by tokens that it gets for its key."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastmcp import Client
from fixtures.app_keys import write_app_key
from fixtures.enterprise import enterprise
from fixtures.serving import serving
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.app import build_app
from service_kit.errors import ConfigError
from service_kit.settings import load
from stand_ins.github.apps import App
from vendor.github_mcp.conftest import HELLO, GitHub, OpenTools, said

OpenAsApp = Callable[..., Awaitable[Client[Any]]]
ISSUE = {"repository": HELLO, "issue": 1}


@pytest.fixture
def environ(tmp_path: Path, github: GitHub) -> dict[str, str]:
    """The environment of a server whose App GitHub knows."""
    public, world = write_app_key(tmp_path / "app.pem"), github.app.stand_in.world
    world.add_app(App(4711, "triage-app", 99, public, world.clock()), "agent-bot")
    return {
        "GITHUB_API_URL": github.url,
        "GITHUB_TOKEN": "",
        "GITHUB_APP_ID": "4711",
        "GITHUB_APP_INSTALLATION_ID": "99",
        "GITHUB_APP_PRIVATE_KEY_PATH": str(tmp_path / "app.pem"),
    }


async def test_tools_read_and_write_as_the_apps_bot(
    open_tools: OpenTools, environ: dict[str, str], github: GitHub
) -> None:
    """One token serves all calls; what is written is the App's own."""
    client = await open_tools(**environ)
    assert "#1 open" in said(await client.call_tool_mcp("issue_read", ISSUE)).text
    assert not said(await client.call_tool_mcp("add_issue_comment", {**ISSUE, "body": "Seen."})).is_error
    assert github.hello.issues[1].comments[-1].user.login == "triage-app[bot]"
    assert sum(one["path"].endswith("/access_tokens") for one in github.app.controls.log.entries) == 1


async def test_an_enterprise_server_knows_the_app_too(
    open_tools: OpenTools, environ: dict[str, str], github: GitHub
) -> None:
    """The App proves itself below /api/v3, and its token opens REST there and GraphQL at /api/graphql."""
    async with serving(enterprise(github.app)) as url:
        client = await open_tools(**environ | {"GITHUB_API_URL": f"{url}/api/v3"})
        assert "#1 open" in said(await client.call_tool_mcp("issue_read", ISSUE)).text
        pull = {"repository": HELLO, "pull_request": 5}
        assert "#5 open" in said(await client.call_tool_mcp("pull_request_read", pull)).text


async def test_an_apps_own_reaction_is_taken_back(
    open_tools: OpenTools, environ: dict[str, str], github: GitHub
) -> None:
    """GitHub names no account of the App's token; the login by which it writes is known from the App itself."""
    client = await open_tools(**environ, MCP_TOOLSETS="all")
    for remove in (False, True):
        answer = said(await client.call_tool_mcp("add_reaction", {**ISSUE, "content": "eyes", "remove": remove}))
        assert not answer.is_error, answer.text
    assert github.hello.issues[1].reactions == []


async def test_a_token_that_ended_is_got_anew(open_tools: OpenTools, environ: dict[str, str], github: GitHub) -> None:
    """A token that GitHub no longer takes is forgotten; the next call has another one."""
    client = await open_tools(**environ)
    assert not said(await client.call_tool_mcp("issue_read", ISSUE)).is_error
    github.app.stand_in.world.tokens.clear()
    answers = [said(await client.call_tool_mcp("issue_read", ISSUE)) for _ in range(2)]
    assert [one.is_error for one in answers] == [True, False]
    assert "GITHUB_APP_PRIVATE_KEY_PATH" in answers[0].text


async def test_a_refused_app_is_explained(open_tools: OpenTools, environ: dict[str, str]) -> None:
    """The reply names the variable to mend, and so does `/ready`."""
    wrong = {**environ, "GITHUB_APP_INSTALLATION_ID": "98"}
    client = await open_tools(**wrong)
    answer = said(await client.call_tool_mcp("issue_read", ISSUE))
    assert answer.is_error
    assert "GITHUB_APP_INSTALLATION_ID is no installation of the App in GITHUB_APP_ID" in answer.text
    settings = load(GitHubSettings, wrong)
    app = build_app(build_server(settings), settings)
    async with serving(app) as url, httpx.AsyncClient(verify=False, base_url=url) as http:
        ready = await http.get("/ready")
        assert (ready.status_code, "GITHUB_APP_INSTALLATION_ID" in ready.text) == (503, True)


async def test_a_key_that_cannot_be_used_is_named(open_tools: OpenTools, environ: dict[str, str]) -> None:
    """One that is open to others or missing stops the start; one that is opened later is told by the next call."""
    key = Path(environ["GITHUB_APP_PRIVATE_KEY_PATH"])
    client = await open_tools(**environ)
    key.chmod(0o644)
    answer = said(await client.call_tool_mcp("issue_read", ISSUE))
    assert (answer.is_error, "The file of GITHUB_APP_PRIVATE_KEY_PATH is not usable" in answer.text) == (True, True)
    settings = load(GitHubSettings, environ)
    with pytest.raises(ConfigError, match="GITHUB_APP_PRIVATE_KEY_PATH="):
        build_server(settings)
    key.unlink()
    with pytest.raises(ConfigError, match=r"GITHUB_APP_PRIVATE_KEY_PATH=.* cannot be read"):
        build_server(settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"GITHUB_APP_ID": ""}, "GITHUB_APP_ID is not set: a GitHub App needs"),
        ({"GITHUB_TOKEN": "ghp_x"}, "GITHUB_APP_ID does not go together with GITHUB_TOKEN"),
        (
            {"GITHUB_PERSONAL_TOKENS": "true", "MCP_SERVER_TRANSPORT": "http"},
            "GITHUB_APP_ID does not go together with GITHUB_PERSONAL_TOKENS",
        ),
        ({"GITHUB_APP_INSTALLATION_ID": "x"}, "GITHUB_APP_INSTALLATION_ID"),
    ],
)
def test_half_an_app_does_not_start(environ: dict[str, str], changes: dict[str, str], message: str) -> None:
    """What is missing, wrong or too much is named at the start."""
    with pytest.raises(ConfigError, match=message):
        load(GitHubSettings, environ | changes)
