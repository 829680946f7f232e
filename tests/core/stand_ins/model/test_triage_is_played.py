"""The shipped triage scenario, played against the real tools of github-mcp and a stand-in GitHub."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import anthropic
import pytest
from agent_contracts import Grant
from agent_engine.schema import wrapped
from agent_ledger import value_error
from anthropic.types import ToolParam
from core.stand_ins.model.test_resumed_runs_are_played_on import GO_ON, LOST, MADE_UP
from fastmcp import Client
from fixtures.serving import serving
from fixtures.triage import SCENARIO
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.app import assemble
from mcp_kit.caller import Caller
from mcp_kit.errors import Proposed
from mcp_kit.metrics import Metrics
from mcp_types import TextContent
from service_kit.settings import load
from service_kit.tokens import TaskClaims
from stand_ins.github import app as github
from stand_ins.kit.faults import Fault, Match
from stand_ins.model import app as model

HELLO = "octocat/hello-world"
TOKEN = "a-token"
ANSWER = "StructuredOutput"
SCHEMA = wrapped(json.loads((SCENARIO.parent / "output.schema.json").read_text()), with_refs=True)
NOW = datetime.now(UTC)
RUN = TaskClaims(
    jti="run", task=UUID(int=1), attempt=1, tenant="default", expires_at=NOW + timedelta(hours=1),
    vendor="github", grant=Grant(tools=[]),
)  # fmt: skip
"""A run: its replies carry refs."""
WRITES = ("issue_write", "add_issue_comment")
ORDER = ["issue_read", "list_labels", "find_similar_issues", "issue_read", *WRITES]


@dataclass
class Triage:
    """A run of the scenario: what was called, in order, and what was answered."""

    called: list[str] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Agent:
    """Plays an agent CLI's part: asks the model, calls the tools that it names, and gives the results back."""

    ask: anthropic.AsyncAnthropic
    tools: Client[Any]
    world: github.StandInApp

    async def triage(
        self, issue: int, *, lost: int | None = None, read_only: bool = False, propose: bool = False
    ) -> Triage:
        """Triage an issue; the `lost`-th call is made, but its run is killed before the result is seen.

        With `propose`, writes are answered as the kit answers them where a gateway has stored them.
        """
        listed = [tool.name for tool in await self.tools.list_tools() if not (read_only and tool.name in WRITES)]
        names = [ANSWER, *(f"mcp__github__{name}" for name in listed)]
        offered: list[ToolParam] = [{"name": name, "input_schema": {"type": "object"}} for name in names]
        prompt = json.dumps({"repository": HELLO, "issue": issue})
        messages: list[Any] = [{"role": "user", "content": prompt}]
        done = Triage()
        while not done.answer:
            assert len(messages) < 40, done.called
            reply = await self.ask.messages.create(
                model="claude-sonnet-5-5",
                max_tokens=1_000,
                system="Skill: issue-triage\n",
                tools=offered,
                messages=messages,
            )
            messages.append({"role": "assistant", "content": [block.model_dump() for block in reply.content]})
            results, cut_off = [], False
            for use in (block for block in reply.content if block.type == "tool_use"):
                if use.name == ANSWER:
                    done.answer = use.input
                    continue
                result = await self._call(use, done.called, propose=propose)
                cut_off = cut_off or len(done.called) - 1 == lost
                results.append(result if not cut_off else result | {"content": LOST, "is_error": True})
            messages += [{"role": "user", "content": results}, *([MADE_UP, GO_ON] if cut_off else [])]
        assert value_error(SCHEMA, done.answer) is None, done.answer
        return done

    async def _call(self, use: Any, called: list[str], *, propose: bool) -> dict[str, Any]:
        name = use.name.removeprefix("mcp__github__")
        called.append(name)
        if propose and name in WRITES:
            return {"type": "tool_result", "tool_use_id": use.id, "content": f"{Proposed('p-1')}\nref: aaaaaaaa"}
        result = await self.tools.call_tool_mcp(name, use.input)
        (content,) = result.content
        assert isinstance(content, TextContent)
        return {"type": "tool_result", "tool_use_id": use.id, "content": content.text, "is_error": result.is_error}


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    """A model with the shipped scenario, the tools, and GitHub behind them."""
    world = github.build(tokens={TOKEN: "agent-bot"})
    async with serving(world) as github_url, serving(model.build([SCENARIO])) as model_url:
        environ = {"GITHUB_API_URL": github_url, "GITHUB_TOKEN": TOKEN, "AGENT_REF_KEY": "ab" * 32}
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


def issue_of(agent: Agent, number: int) -> Any:
    """Give an issue as GitHub holds it."""
    found = agent.world.stand_in.world.find(*HELLO.split("/"))
    assert found is not None
    return found.issues[number]


async def test_a_triage_reads_labels_comments_and_answers(agent: Agent) -> None:
    """Each step calls its tools once, and the answer says what GitHub holds."""
    done = await agent.triage(1)
    assert done.called == ORDER
    assert done.answer["output"]["labels"] == [label.name for label in issue_of(agent, 1).labels]
    assert done.answer["output"]["similar"]
    assert "#issuecomment-" in done.answer["output"]["comment_url"]
    assert len(done.answer["claims"]) == 5


@pytest.mark.parametrize("lost", range(len(ORDER)), ids=lambda at: f"{at}-{ORDER[at]}")
async def test_a_triage_that_was_killed_in_a_call_makes_it_again(agent: Agent, lost: int) -> None:
    """Whatever call was cut off, the resumed model makes its step's calls once more, then those that are left."""
    done = await agent.triage(1, lost=lost)
    again = ORDER[:2] if lost < 2 else [ORDER[lost]]
    end = max(lost + 1, 2)
    assert done.called == [*ORDER[:end], *again, *ORDER[end:]]
    assert done.answer["output"]["labels"] == [label.name for label in issue_of(agent, 1).labels]


@pytest.mark.parametrize("read_only", [False, True])
async def test_an_issue_that_is_not_there_is_said_and_left(agent: Agent, read_only: bool) -> None:
    """After the refusal nothing is sought or written; the answer says what was refused, and claims nothing else."""
    done = await agent.triage(999, read_only=read_only)
    assert done.called == ORDER[:2]
    output = done.answer["output"]
    assert (output["labels"], output["similar"], output["needs_human"]) == ([], [], True)
    assert [claim["statement"] for claim in done.answer["claims"]] == ["The issue or the labels could not be read."]
    assert f"GitHub knows no {HELLO}#999" in output["summary"]
    assert "ref:" not in output["summary"]


async def test_a_read_only_triage_writes_nothing(agent: Agent) -> None:
    """Where no write is offered, none is tried, and the answer holds what it would have been."""
    done = await agent.triage(1, read_only=True)
    assert not set(done.called) & set(WRITES)
    assert done.answer["output"]["would_write"]["labels"]
    assert issue_of(agent, 1).comments == []


async def test_what_is_only_proposed_is_not_said_to_be_done(agent: Agent) -> None:
    """Where writes are stored as proposals, the answer says so, and what the issue has now."""
    before = [label.name for label in issue_of(agent, 1).labels]
    done = await agent.triage(1, propose=True)
    assert done.called == ORDER
    assert done.answer["output"]["labels"] == before
    said = json.dumps(done.answer)
    assert "The comment is proposed." in said
    assert not any(word in said for word in ("posted", "were set", "was labelled"))
    assert not done.answer["output"]["comment_url"]


@pytest.mark.parametrize(
    ("method", "path", "written"),
    [
        ("GET", r"/issues\?|/search/", True),
        ("POST", "/comments", False),
        ("PATCH", "/issues/1", False),
    ],
)
async def test_a_tool_that_fails_is_told_of(agent: Agent, method: str, path: str, written: bool) -> None:
    """Whichever tool GitHub refuses, the script goes on or says what was not written; it never breaks itself."""
    match = Match(method=method, path_regex=path)
    agent.world.controls.gate.faults.append(Fault(match=match, times=99, fault="status", status=403))
    done = await agent.triage(1)
    assert done.answer["output"]["needs_human"] is not written
    assert all(claim["refs"] for claim in done.answer["claims"]) or written
