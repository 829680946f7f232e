"""Who may do what over HTTP: tokens, private lists, refused tools and resources, sessions that never mix."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from uuid import UUID

import httpx
import pytest
from agent_contracts import Grant, Mode
from core.mcp_kit.conftest import House, Running, Start
from core.mcp_kit.speaking import MODES, answer_of, call, client, raw, text_of
from fastmcp.exceptions import ToolError
from mcp import MCPError

OTHER_TASK = UUID("0199aaaa-0000-7000-8000-000000000002")


def _changes() -> dict[str, dict[str, object]]:
    return {
        "another audience": {"audience": ["jira-mcp"]},
        "expired": {"lifetime_seconds": -120},
        "another vendor": {"vendor": "jira"},
    }


@pytest.mark.parametrize("wrong", [*_changes(), "none", "altered", "nonsense", "unsigned"])
async def test_a_wrong_token_opens_nothing(closed_server: Running, house: House, wrong: str) -> None:
    """A token that is missing, altered, expired or another's is 401 on every endpoint."""
    good = house.token()
    tokens = {
        "none": None,
        "altered": good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"),
        "nonsense": "x",
        "unsigned": f"eyJhbGciOiJub25lIn0.{good.split('.')[1]}.",
    }
    token = house.token(**_changes()[wrong]) if wrong in _changes() else tokens[wrong]
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(verify=False, base_url=closed_server.url, headers=headers) as http:
        answers = [await http.get("/sse"), await http.post("/mcp", json={}), await http.post("/messages/", json={})]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert all(answer.headers["www-authenticate"].startswith("Bearer") for answer in answers)


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("expired", r"^the token expired \d+ s ago by this process's clock\. "),
        ("audience", r"^the token is not for github-mcp\. "),
        ("vendor", r"^the task token is for another vendor than github\. "),
        ("unknown", r"^no person of access.yaml has this token, and it is no task token\. "),
        ("malformed", r"^the token is not a JWT\. "),
    ],
)
async def test_a_refused_token_is_told_plainly(closed_server: Running, house: House, token: str, told: str) -> None:
    """The answer says what is wrong with the token and which to send, and advises nothing that is not here."""
    tokens = {
        "expired": house.token(lifetime_seconds=-120),
        "audience": house.token(audience=["jira-mcp"]),
        "vendor": house.token(vendor="jira"),
        "unknown": "abp_unknown",
        "malformed": "a.b.c",
    }
    headers = {"authorization": f"Bearer {tokens[token]}"}
    async with httpx.AsyncClient(verify=False, base_url=closed_server.url, headers=headers) as http:
        for answer in (
            await http.get("/sse"),
            await http.post("/mcp", json={}),
            await http.post("/messages/", json={}),
        ):
            document = answer.json()
            assert (answer.status_code, document["error"]) == (401, "invalid_token")
            assert re.match(told, document["error_description"])
            assert "access.yaml, in Authorization: Bearer." in document["error_description"]
            assert f'error_description="{document["error_description"]}"' in answer.headers["www-authenticate"]
            assert "register" not in answer.text


@pytest.mark.parametrize("mode", MODES)
async def test_a_run_sees_its_granted_tools_alone(closed_server: Running, house: House, mode: str) -> None:
    """tools/list shows exactly what the task token grants."""
    async with client(closed_server.url, mode, house.token()) as speaking:
        assert [tool.name for tool in await speaking.list_tools()] == ["read_note", "list_rows"]


@pytest.mark.parametrize("mode", MODES)
async def test_a_grant_to_read_hides_writes(closed_server: Running, house: House, mode: str) -> None:
    """With mode read a tool that writes is neither shown nor answered, though it is named."""
    grants = {m: Grant(tools=["read_note", "write_note"], resources={"repositories": ["a/b"]}, mode=m) for m in Mode}
    shown = {}
    for each, grant in grants.items():
        async with client(closed_server.url, mode, house.token(grant=grant)) as speaking:
            shown[each] = [tool.name for tool in await speaking.list_tools()]
            result = await speaking.call_tool_mcp("write_note", {"repository": "a/b"})
            assert result.is_error == (each == Mode.read)
    assert shown[Mode.read] == ["read_note"]
    assert shown[Mode.write] == shown[Mode.propose] == ["read_note", "write_note"]


@pytest.mark.parametrize("tool", ["write_note", "slow", "fail", "no_such_tool", "get_note"])
async def test_a_tool_outside_the_grant_is_refused_raw(closed_server: Running, house: House, tool: str) -> None:
    """A raw call of a tool that was not granted is refused, known or not; an alias opens what its tool opens."""
    params = {"name": tool, "arguments": {"repository": "octocat/hello"}}
    answer = answer_of(await raw(closed_server.url, "tools/call", params, house.token()))
    assert answer["result"]["isError"] is (tool != "get_note")
    assert closed_server.tools.asked == ([] if tool != "get_note" else ["octocat/hello"])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("repository", "granted"),
    [("octocat/hello", True), ("Octocat/HELLO", True), ("octocat/hello2", False), ("evil/hello", False), ("", False)],
)
async def test_a_resource_outside_the_grant_is_never_asked_for(
    closed_server: Running, house: House, mode: str, repository: str, granted: bool
) -> None:
    """The tool does not even run for a repository outside the grant; names are compared without case."""
    result = await call(closed_server.url, mode, "read_note", {"repository": repository}, house.token())
    assert result.is_error is not granted
    assert closed_server.tools.asked == ([repository] if granted else [])
    assert granted or "outside this caller's grant" in text_of(result)


async def test_a_person_is_bound_by_the_access_file(closed_server: Running, house: House) -> None:
    """A static token opens what its entry in access.yaml grants, and its replies carry no ref."""
    async with client(closed_server.url, "sse", house.person) as speaking:
        assert [tool.name for tool in await speaking.list_tools()] == ["read_note"]
        inside = await speaking.call_tool_mcp("read_note", {"repository": "octocat/any"})
        outside = await speaking.call_tool_mcp("read_note", {"repository": "other/any"})
    assert (inside.is_error, outside.is_error) == (False, True)
    assert "\nref: " not in text_of(inside)


@pytest.mark.parametrize("mode", MODES)
async def test_a_grant_opens_tools_alone(closed_server: Running, house: House, mode: str) -> None:
    """Resources, prompts and completions are neither listed nor given to a caller with a grant."""
    async with client(closed_server.url, mode, house.token()) as speaking:
        assert await speaking.list_resources() == []
        assert await speaking.list_resource_templates() == []
        assert await speaking.list_prompts() == []
        for refused in (
            speaking.read_resource("kb://page"),
            speaking.get_prompt("ask"),
            speaking.complete({"type": "ref/prompt", "name": "ask"}, {"name": "x", "value": "o"}),
        ):
            with pytest.raises(MCPError):
                await refused


@pytest.mark.parametrize("mode", MODES)
async def test_without_authentication_all_is_there(open_server: Running, mode: str) -> None:
    """A trusted caller sees resources and prompts too."""
    async with client(open_server.url, mode) as speaking:
        assert len(await speaking.list_resources()) == len(await speaking.list_prompts()) == 1
        assert (await speaking.read_resource("kb://page"))[0].text == "a page"


async def _session(http: httpx.AsyncClient, stack: AsyncExitStack, token: str) -> str:
    headers = {"authorization": f"Bearer {token}"}
    stream = await stack.enter_async_context(http.stream("GET", "/sse", headers=headers, timeout=10))
    lines = stream.aiter_lines()
    assert isinstance(lines, AsyncGenerator), "dropping it would end the stream"
    stack.push_async_callback(lines.aclose)
    return await anext(line.removeprefix("data: ") async for line in lines if line.startswith("data: "))


async def test_two_runs_sessions_never_mix(closed_server: Running, house: House) -> None:
    """A message to one run's SSE session with another run's token is 404, though both tokens are good."""
    first, second = house.token(), house.token(task=OTHER_TASK)
    message = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    async with httpx.AsyncClient(verify=False, base_url=closed_server.url) as http, AsyncExitStack() as stack:
        mine, others = await _session(http, stack, first), await _session(http, stack, second)
        statuses = [
            (await http.post(path, json=message, headers={"authorization": f"Bearer {token}"})).status_code
            for path, token in ((mine, first), (others, second), (mine, second), (others, first), (mine, house.person))
        ]
    assert statuses == [202, 202, 404, 404, 404]


@pytest.mark.parametrize("mode", MODES)
async def test_interleaved_runs_keep_their_own_lists(closed_server: Running, house: House, mode: str) -> None:
    """Two runs that speak at once each see and get their own."""
    other = house.token(grant=Grant(tools=["read_note"], resources={"repositories": ["other/one"]}))
    async with client(closed_server.url, mode, house.token()) as a, client(closed_server.url, mode, other) as b:
        for _ in range(3):
            listed = await asyncio.gather(a.list_tools(), b.list_tools())
            assert [len(tools) for tools in listed] == [2, 1]
            with pytest.raises(ToolError):
                await b.call_tool("read_note", {"repository": "octocat/hello"})
            await a.call_tool("read_note", {"repository": "octocat/hello"})


async def test_headers_only_tighten(start: Start, house: House) -> None:
    """A request's headers narrow the operator's selection and never widen it; read-only wins over everything."""
    grant = Grant(tools=["read_note", "write_note", "list_rows"], resources={}, mode=Mode.write)
    token = house.token(grant=grant)
    expected: list[tuple[dict[str, str], list[str]]] = [
        ({}, ["read_note", "write_note"]),
        ({"X-MCP-Readonly": "true", "X-MCP-Tools": "write_note"}, []),
        ({"X-MCP-Toolsets": "notes,lists"}, ["read_note", "write_note"]),
        ({"X-MCP-Tools": "list_rows,get_note"}, ["read_note"]),
        ({"X-MCP-Exclude-Tools": "read_note"}, ["write_note"]),
        ({"X-MCP-Readonly": "false"}, ["read_note", "write_note"]),
    ]
    async with start(**house.environ, MCP_TOOLSETS="notes") as running:
        for headers, shown in expected:
            async with client(running.url, "auto", token, headers) as speaking:
                assert [tool.name for tool in await speaking.list_tools()] == shown, headers
                result = await speaking.call_tool_mcp("list_rows", {})
                assert result.is_error


@pytest.mark.parametrize(
    ("header", "value", "says"),
    [
        ("X-MCP-Readonly", "enabled", "'enabled', neither true nor false; nothing was done"),
        ("X-MCP-Toolsets", "notes,pulls", "there is no toolset pulls: choose from all, default, lists, notes"),
        ("X-MCP-Tools", "no_such", "there is no tool no_such: choose from"),
        ("X-MCP-Exclude-Tools", "write_notes", "there is no tool write_notes: choose from"),
    ],
)
@pytest.mark.parametrize("mode", MODES)
async def test_a_header_that_cannot_tighten_is_refused(
    open_server: Running, mode: str, header: str, value: str, says: str
) -> None:
    """A header that is not understood would leave open what its sender meant to close: lists and calls say so."""
    async with client(open_server.url, mode, headers={header: value}) as speaking:
        with pytest.raises(MCPError, match=re.escape(says)):
            await speaking.list_tools()
        said = await speaking.call_tool_mcp("write_note", {"repository": "a/b"})
    assert said.is_error
    assert says in text_of(said)
    assert open_server.tools.asked == []


@pytest.mark.parametrize("mode", MODES)
async def test_read_only_is_a_wall(start: Start, mode: str) -> None:
    """An operator's read-only hides and refuses writes from everybody."""
    async with start(MCP_READ_ONLY="true", MCP_TOOLS="write_note,read_note") as running:
        async with client(running.url, mode, headers={"X-MCP-Readonly": "false"}) as speaking:
            assert [tool.name for tool in await speaking.list_tools()] == ["read_note"]
            assert (await speaking.call_tool_mcp("write_note", {"repository": "a/b"})).is_error
        assert running.tools.asked == []
