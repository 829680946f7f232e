"""Behind the gateway the same client sends the run's task token along; alone it never does."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from agent_contracts import Grant
from core.mcp_kit.speaking import MODES, call, client, raw
from fixtures.serving import serving
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.app import build_app
from service_kit.bearer import new_token, token_hash
from service_kit.keys import write_keys
from service_kit.settings import load
from service_kit.tokens import Signer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from vendor.github_mcp.conftest import HELLO, TOKEN, GitHub, OpenTools

TASK = UUID("0199aaaa-0000-7000-8000-000000000003")
GRANT = Grant(tools=["issue_read", "list_labels", "search_issues"], resources={"repositories": [HELLO]})


class Recorder:
    """An upstream that notes what it was asked and answers with no labels."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    def app(self) -> Starlette:
        """Make the app."""

        async def answer(request: Request) -> Response:
            self.asked.append(request)
            return JSONResponse([])

        return Starlette(routes=[Route("/{path:path}", answer)])


@pytest.fixture
async def recorder() -> AsyncIterator[tuple[Recorder, str]]:
    """A running recorder."""
    recorder = Recorder()
    async with serving(recorder.app()) as url:
        yield recorder, url


@pytest.mark.parametrize("gateway", [True, False])
async def test_a_persons_token_goes_to_the_gateway_alone(
    recorder: tuple[Recorder, str], tmp_path: Path, gateway: bool
) -> None:
    """Over HTTP the person's bearer reaches the gateway beside the service token; GitHub never gets it."""
    token = new_token("person")
    bound = {"resources": {"repositories": [HELLO]}}
    people = {"ann": {"token_sha256": [token_hash(token)], "vendors": {"github": bound}}}
    (tmp_path / "access.yaml").write_text(json.dumps({"people": people}))
    environ = {
        "GITHUB_API_URL": recorder[1],
        "GITHUB_TOKEN": "abs_service",
        "GITHUB_GATEWAY": str(gateway).lower(),
        "ACCESS_FILE": str(tmp_path / "access.yaml"),
    }
    settings = load(GitHubSettings, environ)
    async with serving(build_app(build_server(settings), settings)) as url:
        for repository in (HELLO, "octocat/secret"):
            params = {"name": "list_labels", "arguments": {"repository": repository}}
            await raw(url, "tools/call", params, token)
    (request,) = recorder[0].asked
    assert request.headers["authorization"] == "Bearer abs_service"
    assert request.headers.get("x-person-token") == (token if gateway else None)
    assert "x-task-token" not in request.headers


async def test_a_base_path_is_kept(open_tools: OpenTools, recorder: tuple[Recorder, str]) -> None:
    """An address with a path, as of GitHub Enterprise, stays before the vendor's own path."""
    client = await open_tools(GITHUB_API_URL=f"{recorder[1]}/api/v3/")
    await client.call_tool_mcp("list_labels", {"repository": HELLO})
    assert recorder[0].asked[0].url.path == f"/api/v3/repos/{HELLO}/labels"


@pytest.mark.parametrize("mode", MODES)
async def test_a_run_reads_what_it_was_granted(
    github: GitHub, tmp_path_factory: pytest.TempPathFactory, mode: str
) -> None:
    """Over HTTP, with a real task token: granted tools and repositories answer, all else is refused unsent."""
    folder = tmp_path_factory.mktemp("keys")
    write_keys(folder / "key.json", folder / "jwks.json")
    token = Signer(folder / "key.json").task_token(
        task=TASK, attempt=1, tenant="default", vendor="github", audience=["github-mcp", "github-api"], grant=GRANT,
        lifetime_seconds=60,
    )  # fmt: skip
    environ = {
        "GITHUB_API_URL": github.url,
        "GITHUB_TOKEN": TOKEN,
        "AGENT_JWKS_FILE": str(folder / "jwks.json"),
        "AGENT_REF_KEY": "cd" * 32,
    }
    settings = load(GitHubSettings, environ)
    async with serving(build_app(build_server(settings), settings)) as url:
        async with client(url, mode, token) as speaking:
            assert {tool.name for tool in await speaking.list_tools()} == set(GRANT.tools)
        assert not (await call(url, mode, "issue_read", {"repository": HELLO.upper(), "issue": 1}, token)).is_error
        sent = len(github.app.controls.log.entries)
        for tool, arguments in (
            ("issue_read", {"repository": "octocat/secret", "issue": 1}),
            ("search_issues", {"repository": HELLO, "query": "repo:octocat/secret x"}),
            ("issue_write", {"repository": HELLO, "method": "update", "issue": 1, "state": "closed"}),
            ("get_file_contents", {"repository": HELLO, "path": "README.md"}),
        ):
            params = {"name": tool, "arguments": arguments}
            assert '"isError":true' in (await raw(url, "tools/call", params, token)).text.replace(" ", "")
        assert len(github.app.controls.log.entries) == sent


async def test_ready_says_what_is_wrong(github: GitHub) -> None:
    """/ready asks GitHub whether it takes the token; /health asks nobody."""
    for token, status in ((TOKEN, 200), ("ghp_wrong", 503)):
        settings = load(GitHubSettings, {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": token})
        app = build_app(build_server(settings), settings)
        async with serving(app) as url, httpx.AsyncClient(verify=False, base_url=url) as http:
            assert (await http.get("/ready")).status_code == status
            assert (await http.get("/health")).status_code == 200
