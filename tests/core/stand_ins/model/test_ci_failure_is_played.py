"""The shipped scenario of ci-failure, played against the real tools of github-mcp and a stand-in GitHub."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import anthropic
import pytest
from agent_engine.schema import wrapped
from agent_ledger import value_error
from anthropic.types import ToolParam
from core.stand_ins.model.test_triage_is_played import RUN
from fastmcp import Client
from fixtures.serving import serving
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from house.paths import ROOT
from mcp_kit.app import assemble
from mcp_kit.caller import Caller
from mcp_kit.errors import Proposed
from mcp_kit.metrics import Metrics
from mcp_types import TextContent
from service_kit.settings import load
from stand_ins.github import app as github
from stand_ins.kit.faults import Fault, Match
from stand_ins.model import app as model

HELLO = "octocat/hello-world"
SKILL = ROOT / "agent-engine/skills/ci-failure"
SCHEMA = wrapped(json.loads((SKILL / "output.schema.json").read_text()), with_refs=True)
ORDER = ["pull_request_read", "actions_list", "get_job_logs", "add_issue_comment"]
CAUSE = "RuntimeError: Could not determine home directory."


@dataclass(frozen=True)
class Agent:
    """Plays an agent CLI's part: asks the model, calls the tools that it names, and gives the results back."""

    ask: anthropic.AsyncAnthropic
    tools: Client[Any]
    world: github.StandInApp
    called: list[str] = field(default_factory=list)

    async def explain(self, pull: int, *, read_only: bool = False, propose: bool = False) -> dict[str, Any]:
        """Explain a pull request's failure, and return the answer."""
        listed = [tool.name for tool in await self.tools.list_tools() if not (read_only and tool.name == ORDER[-1])]
        names = ["StructuredOutput", *(f"mcp__github__{name}" for name in listed)]
        offered: list[ToolParam] = [{"name": name, "input_schema": {"type": "object"}} for name in names]
        given = json.dumps({"repository": HELLO, "pull_request": pull})
        messages: list[Any] = [{"role": "user", "content": given}]
        while True:
            assert len(messages) < 20, self.called
            reply = await self.ask.messages.create(
                model="claude-sonnet-5-5",
                max_tokens=1_000,
                system="Skill: ci-failure\n",
                tools=offered,
                messages=messages,
            )
            messages.append({"role": "assistant", "content": [block.model_dump() for block in reply.content]})
            results = []
            for use in (block for block in reply.content if block.type == "tool_use"):
                if use.name == "StructuredOutput":
                    assert value_error(SCHEMA, use.input) is None, use.input
                    return use.input
                results.append(await self._call(use, propose=propose))
            messages.append({"role": "user", "content": results})

    async def _call(self, use: Any, *, propose: bool) -> dict[str, Any]:
        name = use.name.removeprefix("mcp__github__")
        self.called.append(name)
        if propose and name == ORDER[-1]:
            return {"type": "tool_result", "tool_use_id": use.id, "content": f"{Proposed('p-1')}\nref: aaaaaaaa"}
        result = await self.tools.call_tool_mcp(name, use.input)
        (content,) = result.content
        assert isinstance(content, TextContent)
        return {"type": "tool_result", "tool_use_id": use.id, "content": content.text, "is_error": result.is_error}


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    """A model with the shipped scenario, the tools, and GitHub behind them."""
    world = github.build(tokens={"a-token": "agent-bot"})
    async with serving(world) as github_url, serving(model.build([SKILL / "scenarios"])) as model_url:
        environ = {"GITHUB_API_URL": github_url, "GITHUB_TOKEN": "a-token", "AGENT_REF_KEY": "ab" * 32}
        settings = load(GitHubSettings, environ)
        server = build_server(settings)
        protocol = assemble(server, settings, Metrics(), unnamed=Caller(id="run", bound=None, task=RUN), callers=None)
        async with (
            anthropic.AsyncAnthropic(api_key="dummy", base_url=model_url, max_retries=0) as ask,
            Client(protocol) as tools,
        ):
            yield Agent(ask, tools, world)
        assert server.close is not None
        await server.close()


def comments(agent: Agent, pull: int) -> list[str]:
    """Return what is said below a pull request."""
    return [comment.body for comment in agent.world.stand_in.world.named(HELLO).issues[pull].comments]


async def test_a_failed_job_is_explained_by_its_log(agent: Agent) -> None:
    """The comment shows the cause and the lines of the log, and each claim rests on what was read."""
    before = len(comments(agent, 5))
    answer = await agent.explain(5)
    assert agent.called == ORDER
    (failure,) = answer["output"]["failures"]
    assert (failure["job"], failure["name"], failure["cause"]) == (7100004, "test", CAUSE)
    (said,) = comments(agent, 5)[before:]
    assert CAUSE in said
    assert "hello/settings.py:8: in folder" in said
    assert "#issuecomment-" in answer["output"]["comment_url"]
    assert [bool(claim["refs"]) for claim in answer["claims"]] == [True] * 3


async def test_a_read_only_run_shows_the_comment(agent: Agent) -> None:
    """Where no comment can be written, the answer holds it."""
    before = comments(agent, 5)
    answer = await agent.explain(5, read_only=True)
    assert CAUSE in answer["output"]["would_write"]
    assert comments(agent, 5) == before


async def test_what_is_only_proposed_is_not_said_to_be_posted(agent: Agent) -> None:
    """Where the comment is stored as a proposal, the answer says so."""
    answer = await agent.explain(5, propose=True)
    assert "The comment is proposed." in json.dumps(answer)
    assert "posted" not in json.dumps(answer)


@pytest.mark.parametrize("pull", [6, 999])
async def test_where_nothing_failed_nothing_is_written(agent: Agent, pull: int) -> None:
    """A pull request without a failed run, or that is not there, gets no comment, and the answer says why."""
    answer = await agent.explain(pull)
    assert "add_issue_comment" not in agent.called
    assert answer["output"]["failures"] == []
    assert answer["output"]["needs_human"]
    assert all(claim["refs"] for claim in answer["claims"])


@pytest.mark.parametrize(("method", "path"), [("GET", "/actions/"), ("GET", "/jobs"), ("POST", "/comments")])
async def test_a_tool_that_fails_is_told_of(agent: Agent, method: str, path: str) -> None:
    """Whichever tool GitHub refuses, the answer says that a person must look."""
    match = Match(method=method, path_regex=path)
    agent.world.controls.gate.faults.append(Fault(match=match, times=99, fault="status", status=403))
    answer = await agent.explain(5)
    assert answer["output"]["needs_human"]
    assert all(claim["refs"] for claim in answer["claims"])
