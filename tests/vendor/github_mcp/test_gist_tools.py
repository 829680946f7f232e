"""Gists are read and written for those alone whose grant names their owner."""

import re

import httpx
import pytest
from agent_contracts import Mode
from mcp_kit.caller import Caller
from service_kit.grants import Bound
from stand_ins.github.seed_personal import OWN, PUBLIC
from vendor.github_mcp.conftest import HELLO, TOKEN, Ask, GitHub, OpenTools, said

NEW = {"filename": "plan.md", "content": "# A plan"}


def run(**resources: list[str]) -> Caller:
    """Return a caller with a grant for these."""
    return Caller("run", Bound(resources=resources, mode=Mode.write), token="t")


async def test_gists_are_listed_with_their_files(ask: Ask) -> None:
    """The own gists are listed, or the public ones of a person."""
    own = await ask("list_gists")
    assert own.text.startswith("1 gists of the token's account:")
    assert f'{OWN} secret "What crashes have in common" by agent-bot' in own.text
    assert '"notes.md" 62 bytes' in own.text
    assert PUBLIC in (await ask("list_gists", username="mona-example")).text
    assert (await ask("list_gists", since="2026-11-21")).text.startswith("0 gists")


async def test_a_gist_is_read(ask: Ask) -> None:
    """All files of a gist are shown, or one; what is not there is told."""
    answer = await ask("get_gist", gist_id=PUBLIC)
    assert answer.text.startswith("A public gist: http")
    assert "Copy what you like." in answer.text
    one = await ask("get_gist", gist=PUBLIC, filename="hello.py")
    assert "def hello" in one.text
    assert "Copy what you like." not in one.text
    assert "has no such file" in (await ask("get_gist", gist=PUBLIC, filename="no.py")).text
    assert "list_gists shows" in (await ask("get_gist", gist="0123456789abcdef")).text


async def test_a_gist_is_secret_unless_asked(ask: Ask, github: GitHub) -> None:
    """A new gist is secret; a public one is asked for."""
    gists = github.app.stand_in.world.gists
    made = (await ask("create_gist", **NEW)).text.splitlines()[0]
    assert re.fullmatch(r"A secret gist was created: http\S+[0-9a-f]", made)
    assert [one.public for one in gists.values()] == [False, True, False]
    answer = await ask("create_gist", **NEW, description="For all", public=True)
    assert '"For all" by agent-bot' in answer.text
    assert list(gists.values())[-1].public
    assert "content that is not blank" in (await ask("create_gist", filename="a", content=" ")).text


async def test_a_gist_is_changed(ask: Ask, github: GitHub) -> None:
    """A file is added or replaced and the description set; another person's gist is not changed."""
    own = github.app.stand_in.world.gists[OWN]
    assert not (await ask("update_gist", gist=OWN, **NEW)).is_error
    assert not (await ask("update_gist", gist=OWN, description="Changed")).is_error
    assert (set(own.files), own.description) == ({"notes.md", "plan.md"}, "Changed")
    assert "another person's" in (await ask("update_gist", gist=PUBLIC, **NEW)).text
    assert "GitHub knows no gist abc, or the token may not see it (404)." in (await ask("get_gist", gist="abc")).text
    for wrong in ({}, {"filename": "a"}, {"content": "a", "description": "b"}):
        assert "nothing was sent" in (await ask("update_gist", gist=OWN, **wrong)).text


async def test_a_grant_for_repositories_opens_no_gist(open_tools: OpenTools, github: GitHub) -> None:
    """Every tool is refused before anything is sent, and says what to grant."""
    client = await open_tools(run(repositories=["*/*", HELLO]))
    sent = len(github.app.controls.log.entries)
    for tool, arguments in (
        ("list_gists", {}),
        ("get_gist", {"gist": OWN}),
        ("create_gist", NEW),
        ("update_gist", {"gist": OWN, "description": "x"}),
    ):
        answer = said(await client.call_tool_mcp(tool, arguments))
        assert "This caller's grant opens no gists; nothing was sent." in answer.text
        assert "add gists: [LOGIN]" in answer.text
    assert len(github.app.controls.log.entries) == sent


async def test_a_grant_opens_the_gists_of_its_persons(open_tools: OpenTools, github: GitHub) -> None:
    """With mona's gists in the grant hers are read, and neither the own ones nor those of others are."""
    client = await open_tools(run(gists=["Mona-Example"]))
    assert not said(await client.call_tool_mcp("get_gist", {"gist": PUBLIC})).is_error
    own = said(await client.call_tool_mcp("list_gists", {}))
    assert own.text.startswith("0 of 1 gists of the token's account: 1 of owners outside")
    for tool, arguments in (
        ("get_gist", {"gist": OWN}),
        ("list_gists", {"owner": "agent-bot"}),
        ("create_gist", NEW),
        ("update_gist", {"gist": OWN, "description": "x"}),
    ):
        answer = said(await client.call_tool_mcp(tool, arguments))
        assert "outside this caller's grant" in answer.text
        assert "HOME is missing" not in answer.text
    assert len(github.app.stand_in.world.gists) == 2


async def test_an_app_is_told_that_it_has_none(ask: Ask, github: GitHub) -> None:
    """To an App's token GitHub gives no own gists: the refusal says so."""
    for token in github.app.stand_in.world.tokens.values():
        token.installation = True
    answer = await ask("create_gist", **NEW)
    assert answer.is_error
    assert "a gist belongs to a person" in answer.text


async def test_lockdown_leaves_out_other_peoples_gists(open_tools: OpenTools) -> None:
    """In lockdown the own gists are shown, and nothing that another person wrote."""
    client = await open_tools(GITHUB_LOCKDOWN_MODE="true")
    assert "HOME is missing" in said(await client.call_tool_mcp("get_gist", {"gist": OWN})).text
    for tool, arguments in (("get_gist", {"gist": PUBLIC}), ("list_gists", {"owner": "mona-example"})):
        assert "Lockdown leaves out" in said(await client.call_tool_mcp(tool, arguments)).text


@pytest.mark.parametrize(
    ("tool", "arguments", "path"),
    [
        ("list_notifications", {}, "/notifications"),
        ("list_gists", {}, "/gists"),
        ("get_gist", {"gist": PUBLIC}, f"/gists/{PUBLIC}"),
    ],
)
async def test_what_is_personal_costs_few_bytes(
    ask: Ask, github: GitHub, tool: str, arguments: dict[str, str], path: str
) -> None:
    """A reply has at most 40 % of the bytes of GitHub's own, which the peers pass on as it is."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(verify=False, base_url=github.url, headers=headers) as http:
        raw = await http.get(path)
    answer = await ask(tool, **arguments)
    print(f"{tool}: {len(answer.text.encode())} of {len(raw.content)}")
    assert len(answer.text.encode()) <= 0.4 * len(raw.content)
