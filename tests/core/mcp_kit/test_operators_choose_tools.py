"""The operator's selection, the command line, and where a server may listen."""

import socket
import sys
from pathlib import Path

import pytest
from agent_contracts import Mode
from core.mcp_kit.conftest import House
from core.mcp_kit.sample import SampleTools, sample_server
from mcp_kit.app import build_app
from mcp_kit.call import Call
from mcp_kit.caller import OWNER, Caller
from mcp_kit.command import run_command
from mcp_kit.errors import Refused
from mcp_kit.reply import Reply
from mcp_kit.selection import Catalog, Selection, names
from mcp_kit.server import Server
from mcp_kit.settings import ServerSettings
from mcp_kit.tool import collect, tool
from service_kit.errors import ConfigError
from service_kit.grants import Bound
from service_kit.settings import load

ALIASES = {"get_note": "read_note"}
ALL = ["read_note", "write_note", "list_rows", "slow", "fail"]
SELECTIONS: list[tuple[dict[str, str], list[str]]] = [
    ({}, ALL),
    ({"MCP_TOOLSETS": "all"}, ALL),
    ({"MCP_TOOLSETS": "notes"}, ["read_note", "write_note"]),
    ({"MCP_TOOLSETS": " NOTES , lists"}, ALL),
    ({"MCP_TOOLS": "slow"}, ["slow"]),
    ({"MCP_TOOLS": "get_note"}, ["read_note"]),
    ({"MCP_TOOLSETS": "notes", "MCP_TOOLS": "slow"}, ["read_note", "write_note", "slow"]),
    ({"MCP_TOOLSETS": "notes", "MCP_EXCLUDE_TOOLS": "get_note"}, ["write_note"]),
    ({"MCP_TOOLS": "write_note", "MCP_READ_ONLY": "true"}, []),
]


@pytest.mark.parametrize(("environ", "shown"), SELECTIONS)
def test_the_selection_is_the_upper_bound(environ: dict[str, str], shown: list[str]) -> None:
    """Toolsets and tools add up, exclusion takes away, read-only wins; old names count as present ones."""
    selection = load(ServerSettings, environ).selection
    catalog = Catalog(collect(SampleTools()), aliases=ALIASES, selection=selection)
    assert [spec.name for spec in catalog.visible(OWNER, {})] == shown


@pytest.mark.parametrize(
    "environ", [{"MCP_TOOLS": "no_such"}, {"MCP_TOOLSETS": "no_such"}, {"MCP_EXCLUDE_TOOLS": "no_such"}]
)
def test_an_unknown_name_stops_the_start(environ: dict[str, str]) -> None:
    """A tool that is excluded by a name it does not have would stay open: it is an error that names the choices."""
    with pytest.raises(ConfigError, match=r"no_such: choose from"):
        build_app(sample_server(SampleTools()), load(ServerSettings, environ))


def test_an_empty_list_chooses_nothing() -> None:
    """A list of commas is a choice of nothing, not of everything."""
    assert names(",") == frozenset()
    assert not Selection(tools=names(",")).admits(collect(SampleTools())[0])


@pytest.mark.parametrize(
    ("flags", "environ", "says"),
    [
        (["--transport", "http", "--host", "0.0.0.0"], {}, "without authentication"),
        (["--transport", "http", "--port", "99999"], {}, "PORT='99999' is not usable"),
        (["--transport", "smoke"], {}, "MCP_SERVER_TRANSPORT='smoke' is not usable"),
        (["--transport", "http", "--tools", "no_such"], {}, "no_such"),
        (["--transport", "http"], {"AGENT_JWKS_FILE": "/no/such/file"}, "/no/such/file"),
        (["--transport", "http"], {"AGENT_REF_KEY": "short"}, "AGENT_REF_KEY is not usable"),
    ],
)
def test_wrong_settings_end_with_one_clear_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    environ: dict[str, str],
    says: str,
) -> None:
    """A setting that is wrong is one line on standard error and status 2, and nothing listens."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert run_command("github-mcp", ServerSettings, lambda _: sample_server(SampleTools()), flags) == 2
    out, err = capsys.readouterr()
    assert (out, says in err) == ("", True)
    assert len([line for line in err.splitlines() if line.startswith("error: ")]) == 1


@pytest.mark.parametrize("fault", ["port", "access"])
def test_serving_is_said_only_of_a_server_that_serves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, fault: str
) -> None:
    """Where the port is taken, or the access file missing, no line says that the server serves."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1] if fault == "port" else 0
        if fault == "access":
            monkeypatch.setenv("ACCESS_FILE", str(tmp_path / "nope"))
        flags = ["--transport", "http", "--port", str(port)]
        assert run_command("github-mcp", ServerSettings, lambda _: sample_server(SampleTools()), flags) == 2
    err = capsys.readouterr().err
    assert "error: " in err
    assert '"serving"' not in err


def test_flags_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag replaces every variable of its setting."""
    monkeypatch.setenv("MCP_TOOLS", "slow")
    monkeypatch.setenv("MCP_READ_ONLY", "false")
    seen: list[ServerSettings] = []

    def build(settings: ServerSettings) -> Server:
        seen.append(settings)
        raise ConfigError("enough")

    flags = ["--tools", "read_note", "--read-only", "--no-sse", "--port", "1234", "--exclude-tools", "fail"]
    assert run_command("github-mcp", ServerSettings, build, flags) == 2
    (settings,) = seen
    assert (settings.tools, settings.read_only, settings.sse) == ("read_note", True, False)
    assert (settings.port, settings.exclude_tools) == (1234, "fail")


def test_a_wide_bind_needs_tokens_or_a_word(house: House) -> None:
    """With keys or an access file the server counts as authenticated."""
    assert not load(ServerSettings, {}).authenticated
    for name in ("AGENT_JWKS_FILE", "ACCESS_FILE"):
        assert load(ServerSettings, {name: house.environ[name]}).authenticated


def test_help_explains_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    """--help names each flag of the house."""
    with pytest.raises(SystemExit) as stop:
        run_command("github-mcp", ServerSettings, lambda _: sample_server(SampleTools()), ["--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    for flag in ("transport", "host", "port", "read-only", "toolsets", "tools", "exclude-tools", "no-sse"):
        assert f"--{flag}" in out
    assert sys.stdout is not None


class GradedTools:
    """A toolset that is shown by default, one that is not, and a tool that may do harm."""

    @tool("notes")
    async def read_note(self, call: Call) -> Reply:
        """Read."""
        return Reply("A note.")

    @tool("drafts")
    async def read_draft(self, call: Call) -> Reply:
        """Read a draft."""
        return Reply("A draft.")

    @tool("notes", writes=True, danger=True)
    async def burn_notes(self, call: Call) -> Reply:
        """Burn them all."""
        return Reply("Burnt.")


@pytest.mark.parametrize(
    ("environ", "headers", "granted", "shown"),
    [
        ({}, {}, None, ["read_note"]),
        ({"MCP_TOOLSETS": "default"}, {}, None, ["read_note"]),
        ({"MCP_TOOLSETS": "all"}, {}, None, ["read_note", "read_draft"]),
        ({"MCP_TOOLSETS": "default,drafts"}, {}, None, ["read_note", "read_draft"]),
        ({}, {"x-mcp-toolsets": "drafts"}, None, ["read_draft"]),
        ({"MCP_TOOLSETS": "notes"}, {"x-mcp-toolsets": "drafts"}, None, []),
        ({"MCP_TOOLSETS": "default", "MCP_TOOLS": "burn_notes"}, {}, None, ["read_note", "burn_notes"]),
        ({}, {}, ["read_draft", "burn_notes"], ["read_draft", "burn_notes"]),
        ({"MCP_TOOLSETS": "notes"}, {}, ["read_draft", "read_note"], ["read_note"]),
    ],
)
def test_toolsets_of_experts_and_harmful_tools_are_switched_on(
    environ: dict[str, str], headers: dict[str, str], granted: list[str] | None, shown: list[str]
) -> None:
    """Without a choice the default toolsets are shown; a harmful tool needs its name in the settings or a grant."""
    catalog = Catalog(
        collect(GradedTools()),
        aliases={},
        selection=load(ServerSettings, environ).selection,
        default=frozenset({"notes"}),
    )
    caller = OWNER if granted is None else Caller("run", Bound(tools=granted, mode=Mode.write))
    assert [spec.name for spec in catalog.visible(caller, headers)] == shown


@pytest.mark.bad_input
def test_a_header_that_names_a_harmful_tool_is_refused() -> None:
    """Nobody gets an empty list without a reason: the operator or a grant has to name such a tool."""
    catalog = Catalog(collect(GradedTools()), aliases={}, selection=Selection())
    with pytest.raises(Refused, match="names burn_notes, which no header switches on"):
        catalog.visible(OWNER, {"x-mcp-tools": "read_note,burn_notes"})


def test_a_choice_that_read_only_leaves_out_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    """A tool that is named and writes is not shown with read-only: the start says so."""
    Catalog(collect(GradedTools()), aliases={}, selection=Selection(read_only=True, tools=frozenset({"burn_notes"})))
    out, err = capsys.readouterr()
    assert "read-only leaves out tools that are chosen by name" in out + err
    assert "burn_notes" in out + err


def test_the_peers_toolsets_are_one_of_ours() -> None:
    """A toolset by a name of the peers' chooses ours, in settings and in headers."""
    tools, peers = collect(SampleTools()), {"memos": "notes"}
    chosen = Selection(toolsets=frozenset({"memos"}))
    catalog = Catalog(tools, aliases={}, selection=chosen, toolset_aliases=peers)
    assert [spec.name for spec in catalog.visible(OWNER, {})] == ["read_note", "write_note"]
    catalog = Catalog(tools, aliases={}, selection=Selection(), toolset_aliases=peers)
    assert [spec.name for spec in catalog.visible(OWNER, {"x-mcp-toolsets": "memos"})] == ["read_note", "write_note"]
