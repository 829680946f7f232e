"""What every vendor's client needs is the kit's: headers, refusals, paging, reading, readiness, the settings' names."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from mcp_kit.app import build_app
from mcp_kit.call import Call
from mcp_kit.caller import Caller
from mcp_kit.cursor import Position
from mcp_kit.reply import Reply
from mcp_kit.server import Server
from mcp_kit.tool import collect, tool
from service_kit.errors import ConfigError, UpstreamError
from service_kit.grants import Bound
from service_kit.settings import load
from unit.mcp_kit.corkboard import PAGES, Board, Corkboard, CorkboardSettings, corkboard_server, said

NOTE = {"id": 7, "text": "milk"}


@pytest.fixture
async def corkboard() -> AsyncIterator[Corkboard]:
    """The running vendor."""
    async with Corkboard().running() as running:
        yield running


def test_the_prefix_names_the_variables() -> None:
    """Own settings have the vendor's name alone; shared ones are read by either, the vendor's first."""
    for field, names in {
        "token": ["CORKBOARD_TOKEN"],
        "api_url": ["CORKBOARD_API_URL"],
        "gateway": ["CORKBOARD_GATEWAY"],
        "read_only": ["CORKBOARD_READ_ONLY", "MCP_READ_ONLY"],
        "toolsets": ["CORKBOARD_TOOLSETS", "MCP_TOOLSETS"],
        "tools": ["CORKBOARD_TOOLS", "MCP_TOOLS"],
        "exclude_tools": ["CORKBOARD_EXCLUDE_TOOLS", "MCP_EXCLUDE_TOOLS"],
        "reply_tokens": ["MCP_REPLY_TOKENS"],
    }.items():
        assert CorkboardSettings.variables(field) == names
    both = load(CorkboardSettings, {"MCP_TOOLS": "a", "CORKBOARD_TOOLS": "b", "MCP_READ_ONLY": "true"})
    assert (both.tools, both.read_only) == ("b", True)
    with pytest.raises(ConfigError, match="CORKBOARD_GATEWAY='perhaps' is not usable"):
        load(CorkboardSettings, {"CORKBOARD_GATEWAY": "perhaps"})
    with pytest.raises(ConfigError, match=r"^MCP_READ_ONLY='perhaps' is not usable"):
        load(CorkboardSettings, {"MCP_READ_ONLY": "perhaps"})


@pytest.mark.parametrize("gateway", [True, False])
async def test_alone_and_behind_the_gateway_it_says_who_it_is(corkboard: Corkboard, gateway: bool) -> None:
    """The vendor gets the header that opens it and nothing of the run; the gateway a bearer token, and the call."""
    caller = Caller("x", Bound(tools=["list_notes"], resources={"boards": ["team"]}), token="task-token")
    async with corkboard.tools(caller, CORKBOARD_GATEWAY=str(gateway).lower()) as client:
        corkboard.says([NOTE])
        assert "milk" in (await said(client, "list_notes"))[0]
    (request,) = corkboard.asked
    assert request.headers.get("authorization") == ("Bearer t0ken" if gateway else None)
    assert request.headers.get("x-corkboard-key") == (None if gateway else "t0ken")
    assert request.headers.get("x-task-token") == ("task-token" if gateway else None)
    assert request.headers.get("x-agent-tool") == ("list_notes" if gateway else None)
    assert "x" not in request.query_params


async def test_only_the_gateway_speaks_in_its_own_words(corkboard: Corkboard) -> None:
    """The gateway's refusals are ours and are shown; the same header from the vendor means nothing."""
    refusal = {"message": "other is outside the grant", "remedy": "Keep to the grant."}
    for gateway in ("true", "false"):
        async with corkboard.tools(CORKBOARD_GATEWAY=gateway) as client:
            corkboard.says(refusal, 403, x_agent_gateway_error="resource")
            text, is_error = await said(client, "list_notes")
            assert is_error
            assert ("other is outside the grant" in text) is ("Keep to the grant." in text) is (gateway == "true")


async def test_refusals_are_the_vendors_own_or_the_usual_ones(corkboard: Corkboard) -> None:
    """A vendor's own meaning goes first; the others are the kit's, with the vendor's and the variable's names."""
    async with corkboard.tools() as client:
        for status, headers, says in (
            (404, {}, "Corkboard has no team.\nList them."),
            (401, {}, "Corkboard refused the token (401).\nTell the operator to set a valid CORKBOARD_TOKEN."),
            (409, {}, "team changed meanwhile"),
            (429, {"retry_after": "7"}, "Corkboard's rate limit is used up.\nCall again in 7 s"),
            (500, {}, "Corkboard failed on team (500)."),
        ):
            corkboard.says({"message": "UPSTREAM"}, status, **headers)
            text, is_error = await said(client, "list_notes")
            assert (is_error, says in text, "UPSTREAM" in text) == (True, True, False), text
    async with corkboard.tools(CORKBOARD_TOKEN="") as client:
        assert "CORKBOARD_TOKEN is not set" in (await said(client, "list_notes"))[0]


async def test_a_token_that_the_vendor_refuses_is_set_where_it_is(corkboard: Corkboard) -> None:
    """Behind a gateway the vendor saw the gateway's token, which the tenant's own may be: not the server's."""
    async with corkboard.tools(CORKBOARD_GATEWAY="true") as client:
        corkboard.says({}, 401)
        text, _ = await said(client, "list_notes")
    assert "set a valid CORKBOARD_UPSTREAM_TOKEN at the gateway" in text
    assert "this tenant's token in the file of CORKBOARD_UPSTREAM_TOKENS_FILE" in text


async def test_pages_are_followed_by_their_pointer_alone(corkboard: Corkboard) -> None:
    """Of a Link to the next page the named parameters count; one that points nowhere is the end."""
    async with corkboard.tools() as client:
        corkboard.says([NOTE], link='<https://evil.example/?size=5&after=abc&token=x>; rel="next"')
        text, _ = await said(client, "list_notes")
        corkboard.says([NOTE], link='<https://corkboard.example/?size=5>; rel="next"')
        cursor = text.rsplit("next_cursor: ", 1)[1].split()[0]
        assert "next_cursor" not in (await said(client, "list_notes", cursor=cursor))[0]
    assert dict(corkboard.asked[1].query_params) == {"size": "5", "after": "abc"}


def test_questions_within_a_call_are_the_calls_own() -> None:
    """A tool that goes through pages by itself drops the cursor; to the gateway it is the same call."""
    call = Call("list_notes", start=Position.of({"after": "8"}, skip=2))
    fresh = call.from_the_start()
    assert (PAGES.here(fresh, 5), fresh.start.skip) == ({"size": 5}, 0)
    assert (fresh.id, fresh.caller, fresh.notes is call.notes) == (call.id, call.caller, True)


async def test_a_reply_of_another_form_is_not_shown(corkboard: Corkboard) -> None:
    """What is not as documented is an error of its own, without the document."""
    async with corkboard.tools() as client:
        for document in ({"items": "secret"}, [{"id": "secret"}]):
            corkboard.says(document)
            text, is_error = await said(client, "list_notes")
            assert (is_error, "not usable" in text, "secret" in text) == (True, True, False)


async def test_readiness_names_the_variable(corkboard: Corkboard) -> None:
    """/ready asks the vendor by the path given, or the gateway's own; what is wrong names what to set."""
    for gateway, path, status, says in (
        ("false", "/me", 401, "CORKBOARD_TOKEN"),
        ("false", "/me", 503, "CORKBOARD_API_URL"),
        ("true", "/ready", 503, "CORKBOARD_API_URL"),
    ):
        environ = {"CORKBOARD_API_URL": corkboard.url, "CORKBOARD_TOKEN": "t", "CORKBOARD_GATEWAY": gateway}
        server = corkboard_server(load(CorkboardSettings, environ))
        for _ in range(3):
            corkboard.says({}, status)
        with pytest.raises(UpstreamError, match=says):
            await server.checks["corkboard"]()
        assert corkboard.asked[-1].url.path == path
        corkboard.replies.clear()
        assert server.close is not None
        await server.close()


class OpenTools:
    """Tools whose arguments do not say what they touch."""

    @tool("notes")
    async def read_note(self, call: Call, number: int) -> Reply:
        """Read a note of a board that nobody knows before."""
        raise AssertionError

    @tool("notes", checks=True)
    async def whoami(self, call: Call) -> Reply:
        """Touch nothing."""
        raise AssertionError

    @tool("notes")
    async def any_notes(self, call: Call, board: Board | None = None) -> Reply:
        """List the notes of a board, or of all."""
        raise AssertionError


@pytest.mark.parametrize(
    ("environ", "refused"),
    [
        ({"ACCESS_FILE": "access.yaml"}, "read_note, any_notes"),
        ({"ACCESS_FILE": "access.yaml", "CORKBOARD_EXCLUDE_TOOLS": "read_note"}, "any_notes"),
        ({"ACCESS_FILE": "access.yaml", "CORKBOARD_TOOLS": "whoami"}, None),
        ({"ACCESS_FILE": "access.yaml", "CORKBOARD_GATEWAY": "true"}, None),
        ({}, None),
    ],
)
def test_a_grant_that_nobody_would_hold_is_refused(
    tmp_path: Path, environ: dict[str, str], refused: str | None
) -> None:
    """Alone, a server that knows callers serves no tool of which no argument says what it touches."""
    (tmp_path / "access.yaml").write_text("people: {}\n")
    given = {name: str(tmp_path / value) if name == "ACCESS_FILE" else value for name, value in environ.items()}
    settings = load(CorkboardSettings, given)
    server = Server("corkboard", "0", "Notes.", collect(OpenTools()))
    if refused is None:
        build_app(server, settings)
        return
    with pytest.raises(ConfigError, match=f"no argument of {refused} says .* set CORKBOARD_GATEWAY, leave"):
        build_app(server, settings)
