"""What every vendor's client needs is the kit's: headers, refusals, paging, reading, readiness, the settings' names."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from core.mcp_kit.corkboard import PAGES, Board, Corkboard, CorkboardSettings, corkboard_server, said
from mcp_kit.app import build_app
from mcp_kit.call import Call
from mcp_kit.caller import Caller
from mcp_kit.cursor import Position
from mcp_kit.error_messages import MEANINGS, Meaning, rate_limited
from mcp_kit.errors import DryRun, Quoted, ToolFailed, WrongArguments
from mcp_kit.reply import Reply
from mcp_kit.server import Server
from mcp_kit.tool import collect, tool
from mcp_kit.vendor_client import Explain, Query, VendorClient
from mcp_kit.vendor_path import path_of
from service_kit.errors import ConfigError, UpstreamError
from service_kit.grants import Bound
from service_kit.http import Reply as HttpReply
from service_kit.settings import load

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


async def client_of(corkboard: Corkboard, explain: Explain | None = None, **environ: str) -> VendorClient:
    """Make a client of the running vendor."""
    settings = load(CorkboardSettings, {"CORKBOARD_API_URL": corkboard.url, "CORKBOARD_TOKEN": "t0ken-of-8", **environ})
    return VendorClient(settings, name="Corkboard", command="corkboard-mcp", headers={}, explain=explain)


async def test_parameters_repeat_and_forms_are_sent(corkboard: Corkboard) -> None:
    """A sequence repeats its name in the query and in a form; None leaves it out; a dry run shows both."""
    fields: Query = {"field": ["a b", "c&d"], "n": 1, "none": None}
    client = await client_of(corkboard)
    corkboard.says({})
    await client.send(Call("x"), "POST", path_of("/notes"), "notes", query=fields, form=fields)
    (request,) = corkboard.asked
    assert request.url.query.replace("%20", "+") == "field=a+b&field=c%26d&n=1"
    assert (await request.body()).decode() == "field=a+b&field=c%26d&n=1"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    await client.aclose()
    dry = await client_of(corkboard, DRY_RUN="true")
    with pytest.raises(DryRun) as shown:
        await dry.send(Call("x"), "POST", path_of("/notes"), "notes", query=fields, form=fields)
    assert shown.value.text().startswith("POST /notes?field=a+b&field=c%26d&n=1\n")
    assert '"c&d"' in shown.value.text()
    await dry.aclose()


@pytest.mark.parametrize("status", [200, 400])
async def test_a_vendors_own_words_may_be_quoted(corkboard: Corkboard, status: int) -> None:
    """What a vendor says of a call, at whatever status, is quoted beside our words; its token is masked in it."""

    def explain(reply: HttpReply, target: str) -> ToolFailed:
        return ToolFailed(f"Corkboard does not take {target}.", quoted=Quoted("its words", reply.text))

    client = await client_of(corkboard, explain)
    corkboard.says({"ok": False, "error": "near t0ken-of-8"}, status)
    with pytest.raises(ToolFailed, match="Corkboard does not take notes") as failed:
        await client.send(Call("x"), "GET", path_of("/notes"), "notes")
    assert failed.value.quoted is not None
    assert "near [secret]" in failed.value.quoted.text
    await client.aclose()


async def test_a_refusal_of_status_200_is_not_ready(corkboard: Corkboard) -> None:
    """A vendor that refuses the token with status 200 is not taken for one that takes it."""
    client = await client_of(corkboard, lambda reply, target: None if reply.json()["ok"] else MEANINGS[401])
    corkboard.says({"ok": True})
    await client.check("/me")
    corkboard.says({"ok": False})
    with pytest.raises(UpstreamError, match="refuses CORKBOARD_TOKEN"):
        await client.check("/me")
    await client.aclose()


async def test_a_used_up_limit_is_ready(corkboard: Corkboard) -> None:
    """A limit passes: neither its status nor a refusal of status 200 takes the server out of service."""
    client = await client_of(corkboard, lambda reply, target: rate_limited(None))
    for status in (200, 429):
        corkboard.says({"ok": False}, status)
        await client.check("/me")
    await client.aclose()


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (
            ("{target} has no board.", "Ask for one."),
            "Corkboard refuses this server's check: this server has no board.",
        ),
        (ToolFailed("Boards are closed."), "Corkboard refuses this server's check: Boards are closed."),
    ],
)
async def test_only_a_refused_token_is_told_as_one(
    corkboard: Corkboard, found: Meaning | ToolFailed, says: str
) -> None:
    """Another refusal with status 200 is told as that: nobody is sent to set another token."""
    client = await client_of(corkboard, lambda reply, target: found)
    corkboard.says({"ok": False})
    with pytest.raises(UpstreamError) as raised:
        await client.check("/me")
    assert str(raised.value) == says
    await client.aclose()


async def test_a_brace_in_a_meaning_is_text(corkboard: Corkboard) -> None:
    """Only the names that the kit fills in are places; what else stands in braces is shown as it is."""
    client = await client_of(
        corkboard, lambda reply, target: ("{vendor} says {x} or {} of {target}.", 'Send {"a": 1}.')
    )
    corkboard.says({})
    with pytest.raises(ToolFailed) as failed:
        await client.send(Call("x"), "GET", path_of("/notes"), "the {token} note")
    assert failed.value.message == "Corkboard says {x} or {} of the {token} note."
    assert failed.value.next_step == 'Send {"a": 1}.'
    await client.aclose()


@pytest.mark.parametrize("part", ["", ".", "..", "a\nb", "a\x00", "\ud800", "..%2fb", "a\\..\\b", "a/../b"])
def test_a_part_of_a_path_leads_nowhere_else(part: str) -> None:
    """What could lead out of its place in a path is refused; all else is quoted."""
    with pytest.raises(WrongArguments, match="cannot be a name"):
        path_of("/boards/{}/notes", part)
    assert path_of("/boards/{}/notes/", "a/b?c#d% {}") == "/boards/a%2Fb%3Fc%23d%25%20%7B%7D/notes/"


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
