"""The shipped scenario of release notes, played against the real tools of github-mcp and a stand-in GitHub."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anthropic
import pytest
from agent_engine.schema import wrapped
from agent_ledger import value_error
from core.stand_ins.model.test_triage_is_played import ANSWER, HELLO, RUN, TOKEN
from fastmcp import Client
from fixtures.serving import serving
from github_mcp.server import build_server
from github_mcp.settings import GitHubSettings
from mcp_kit.app import assemble
from mcp_kit.caller import Caller
from mcp_kit.errors import Proposed
from mcp_kit.metrics import Metrics
from mcp_types import TextContent
from service_kit.settings import load
from stand_ins.github import app as github
from stand_ins.github.release_records import Release
from stand_ins.model import app as model

SKILL = Path(__file__).parents[4] / "agent-engine/skills/release-notes"
SCHEMA = wrapped(json.loads((SKILL / "output.schema.json").read_text()), with_refs=True)
NEXT = {"tag": "v2.4.0", "previous_tag": "v2.2.0"}
TOOLS = ("list_releases", "generate_release_notes", "pull_request_read", "create_release")


@dataclass
class Run:
    """What was called, in order, and what was answered."""

    called: list[str] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def output(self) -> dict[str, Any]:
        """The skill's output."""
        found: dict[str, Any] = self.answer["output"]
        return found


@dataclass(frozen=True)
class Agent:
    """Plays an agent CLI's part: asks the model, calls the tools that it names, and gives the results back."""

    ask: anthropic.AsyncAnthropic
    tools: Client[Any]
    world: github.StandInApp

    async def draft(self, task: dict[str, str], *, without: str = "", propose: bool = False) -> Run:
        """Draft the notes of a release; `without` a tool, or with a write that a gateway has stored."""
        offered = [ANSWER, *(f"mcp__github__{name}" for name in TOOLS if name != without)]
        messages: list[Any] = [{"role": "user", "content": json.dumps({"repository": HELLO, **task})}]
        run = Run()
        while not run.answer:
            assert len(messages) < 20, run.called
            reply = await self.ask.messages.create(
                model="claude-sonnet-5-5",
                max_tokens=1_000,
                system="Skill: release-notes\n",
                tools=[{"name": name, "input_schema": {"type": "object"}} for name in offered],
                messages=messages,
            )
            messages.append({"role": "assistant", "content": [block.model_dump() for block in reply.content]})
            results = []
            for use in (block for block in reply.content if block.type == "tool_use"):
                if use.name == ANSWER:
                    run.answer = dict(use.input)
                    continue
                results.append(await self._call(use, run.called, propose=propose))
            messages.append({"role": "user", "content": results})
        assert value_error(SCHEMA, run.answer) is None, run.answer
        assert all(claim["refs"] for claim in run.answer["claims"])
        return run

    async def _call(self, use: Any, called: list[str], *, propose: bool) -> dict[str, Any]:
        name = use.name.removeprefix("mcp__github__")
        called.append(name)
        if propose and name == "create_release":
            return {"type": "tool_result", "tool_use_id": use.id, "content": f"{Proposed('p-1')}\nref: aaaaaaaa"}
        result = await self.tools.call_tool_mcp(name, use.input)
        (content,) = result.content
        assert isinstance(content, TextContent)
        return {"type": "tool_result", "tool_use_id": use.id, "content": content.text, "is_error": result.is_error}

    @property
    def drafts(self) -> list[Release]:
        """The drafts at GitHub."""
        return [one for one in self.world.stand_in.world.named(HELLO).releases if one.draft]


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    """A model with the shipped scenario, the tools, and GitHub behind them."""
    world = github.build(tokens={TOKEN: "agent-bot"})
    async with serving(world) as github_url, serving(model.build([SKILL / "scenarios"])) as model_url:
        environ = {"GITHUB_API_URL": github_url, "GITHUB_TOKEN": TOKEN, "AGENT_REF_KEY": "ab" * 32}
        settings = load(GitHubSettings, environ | {"GITHUB_TOOLSETS": "all"})
        server = build_server(settings)
        protocol = assemble(server, settings, Metrics(), unnamed=Caller(id="run", bound=None, task=RUN), callers=None)
        async with (
            anthropic.AsyncAnthropic(api_key="dummy", base_url=model_url, max_retries=0) as ask,
            Client(protocol) as tools,
        ):
            yield Agent(ask, tools, world)
        assert server.close is not None
        await server.close()


async def test_what_was_merged_between_two_tags_becomes_a_draft(agent: Agent) -> None:
    """Releases and changes are read, a change is opened, and one draft is made, which says what was merged."""
    run = await agent.draft(NEXT)
    assert run.called == list(TOOLS)
    (draft,) = agent.drafts
    assert (draft.tag, draft.published_at) == ("v2.4.0", None)
    assert "- Greet in French and German (#7)" in (draft.body or "")
    assert "@" not in (draft.body or "")
    assert run.output["changes"] == [{"pull_request": 7, "kind": "new"}]
    assert f"/{HELLO}/releases/tag/untagged-" in run.output["release_url"]


@pytest.mark.parametrize(
    ("task", "told"),
    [
        ({"tag": "v2.3.0", "previous_tag": "v2.2.0"}, "has a release already"),
        ({"tag": "v2.4.0"}, "Nothing was merged"),
        ({"tag": "v2.4.0", "previous_tag": "v0.1.0"}, "were not written"),
    ],
)
async def test_what_cannot_be_drafted_is_said_and_left(agent: Agent, task: dict[str, str], told: str) -> None:
    """Where the tag has a release, nothing was merged or a tag is not known, nothing is written and a person looks."""
    run = await agent.draft(task)
    assert "create_release" not in run.called
    assert agent.drafts == []
    assert (run.output["needs_human"], told in run.output["summary"]) == (True, True)


async def test_what_is_only_proposed_or_not_offered_is_not_said_to_be_done(agent: Agent) -> None:
    """A stored draft is said to be proposed; in a read-only run the answer holds what would have been drafted."""
    run = await agent.draft(NEXT, propose=True)
    assert "are proposed" in run.output["summary"]
    assert not run.output["release_url"]
    read = await agent.draft(NEXT, without="create_release")
    assert "#7" in read.output["would_write"]["body"]
    assert agent.drafts == []
