"""Who asks, and who is in which team."""

import pytest
from agent_contracts import Mode
from mcp_kit.caller import Caller
from service_kit.grants import Bound
from stand_ins.kit.faults import Fault
from vendor.github_mcp.conftest import HELLO, TOKEN, Ask, GitHub, OpenTools, said


def run(*repositories: str) -> Caller:
    """Return a caller with a grant for these."""
    return Caller("run", Bound(resources={"repositories": list(repositories)}, mode=Mode.write), token="t")


async def test_get_me_names_the_account(ask: Ask, open_tools: OpenTools) -> None:
    """The account of the token is named, and to a caller with a grant what that opens."""
    answer = await ask("get_me")
    assert "agent-bot" in answer.text
    assert "grant" not in answer.text
    assert "The caller may use all that it opens." in answer.text
    client = await open_tools(run(HELLO, "octo-org/*"))
    bound = said(await client.call_tool_mcp("get_me", {}))
    assert f"This caller's grant opens: {HELLO}, octo-org/*." in bound.text


async def test_get_me_works_for_an_app(ask: Ask, github: GitHub, open_tools: OpenTools) -> None:
    """An app's token has no account: get_me says so, and lists what it opens within the caller's grant."""
    for token in github.app.stand_in.world.tokens.values():
        token.installation = True
    answer = await ask("get_me")
    assert not answer.is_error, answer.text
    assert "The token is a GitHub App's" in answer.text
    assert "octocat/secret-plans" in answer.text
    client = await open_tools(run(HELLO))
    bound = said(await client.call_tool_mcp("get_me", {}))
    assert HELLO in bound.text
    assert "octocat/secret-plans" not in bound.text


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("Sorry. Your account was suspended.", "account is suspended"),
        ("Resource protected by organization SAML enforcement.", "single sign-on"),
        ("Resource not accessible by personal access token", "may not do this with the token's account (403)"),
        ("Something else.", "may not do this with the token's account (403)"),
    ],
)
async def test_get_me_takes_no_other_refusal_for_an_apps(ask: Ask, github: GitHub, message: str, says: str) -> None:
    """Only GitHub's words for an App's token mean one; a suspended account and all else are told as what they are."""
    github.app.controls.gate.faults.append(Fault(fault="status", status=403, body={"message": message}))
    answer = await ask("get_me")
    assert (answer.is_error, says in answer.text) == (True, True), answer.text


async def test_get_me_knows_an_apps_token_by_githubs_words(ask: Ask, github: GitHub) -> None:
    """Which permissions GitHub lists beside them makes no difference."""
    refusal = Fault(
        fault="status",
        status=403,
        body={"message": "Resource not accessible by integration"},
        headers={"x-accepted-github-permissions": "profile=read"},
    )
    github.app.controls.gate.faults.append(refusal)
    github.app.stand_in.world.tokens[TOKEN].installation = True
    answer = await ask("get_me")
    assert (answer.is_error, "The token is a GitHub App's" in answer.text) == (False, True), answer.text


@pytest.mark.bad_input
async def test_no_account_at_all_is_a_wrong_address(ask: Ask, github: GitHub) -> None:
    """Every token has an account: a 404 names the variable that holds the address, and no name to check."""
    github.app.controls.gate.faults.append(Fault(fault="status", status=404, body={"message": "Not Found"}))
    answer = await ask("get_me")
    assert "not at the address where it is asked: there is no token's account (404)." in answer.text
    assert "Tell the operator to correct GITHUB_API_URL" in answer.text


async def test_teams_are_listed(ask: Ask) -> None:
    """An organization's teams, or the own account's, each with the name by which its members are asked for."""
    assert (
        'octo-org/translators "Translators": "Speak many languages"'
        in (await ask("get_teams", organization="octo-org")).text
    )
    own = await ask("get_teams")
    assert 'octo-org/release-crew "Release crew", 2 members' in own.text
    assert "translators" not in own.text


async def test_members_are_listed(ask: Ask) -> None:
    """Members are logins; a team that is not there is told."""
    members = await ask("get_team_members", organization="octo-org", team="translators")
    assert members.text.startswith("3 members")
    assert {"kim-example", "mona-example", "sam-example"} <= set(members.text.split())
    assert "GitHub knows no team nobody" in (await ask("get_team_members", organization="octo-org", team="nobody")).text


async def test_an_organization_is_opened_by_all_of_its_repositories(open_tools: OpenTools, github: GitHub) -> None:
    """Teams are shown to a grant for `octo-org/*`; with one repository of it they are not asked for."""
    ask_for = {"organization": "octo-org", "team": "translators"}
    opened = await open_tools(run("octo-org/*"))
    assert not said(await opened.call_tool_mcp("get_team_members", ask_for)).is_error
    sent = len(github.app.controls.log.entries)
    closed = await open_tools(run("octo-org/planning"))
    for tool, arguments in (("get_team_members", ask_for), ("get_teams", {"organization": "octo-org"})):
        answer = said(await closed.call_tool_mcp(tool, arguments))
        assert "outside this caller's grant; nothing was sent" in answer.text
    assert len(github.app.controls.log.entries) == sent
    own = said(await closed.call_tool_mcp("get_teams", {}))
    assert "release-crew" not in own.text
    assert "1 of organizations outside this caller's grant were left out" in own.text
