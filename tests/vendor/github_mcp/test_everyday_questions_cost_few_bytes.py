"""Fifteen questions of every day are answered completely, in fewer bytes than github-mcp-server 1.10 needs.

`make bench` asks them of ours and of two peers that run.
"""

import statistics
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from fastmcp import Client
from vendor.github_mcp import peer_shapes
from vendor.github_mcp.conftest import HELLO, TOKEN, GitHub, OpenTools, said
from vendor.github_mcp.everyday import KEYS, Question, questions
from vendor.github_mcp.everyday_world import make_busy

MEDIAN, WORST = 0.70, 1.05
"""The most that a question may cost of the peer's bytes: in the middle, and any."""


@pytest.fixture
def asked(github: GitHub) -> Mapping[str, Question]:
    """The questions, asked of a busy repository."""
    return {question.key: question for question in questions(make_busy(github.app.stand_in.world))}


@pytest.fixture
async def tools(open_tools: OpenTools, asked: Mapping[str, Question]) -> Client[Any]:
    """Our server with all its toolsets."""
    return await open_tools(GITHUB_TOOLSETS="all")


@pytest.fixture
async def http(github: GitHub) -> AsyncIterator[httpx.AsyncClient]:
    """GitHub itself, for what the peer makes of its replies."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(verify=False, base_url=github.url, headers=headers) as client:
        yield client


async def _share(question: Question, tools: Client[Any], http: httpx.AsyncClient) -> float:
    """Ask both, demand that both answers are complete, and return which part of the peer's bytes ours has."""
    ours = []
    for tool, arguments in question.ours:
        answer = said(await tools.call_tool_mcp(tool, {"repository": HELLO, **arguments}))
        assert not answer.is_error, answer.text
        ours.append(answer.text)
    theirs = [peer_shapes.text(await reply.made(http)) for reply in question.peer]
    assert question.missing("\n".join(ours)) == [], ours
    assert question.missing("\n".join(theirs)) == [], theirs
    read, peer = (len("".join(texts).encode()) for texts in (ours, theirs))
    print(f"{question.asked} ours {read}, peer {peer}")
    return read / peer


@pytest.mark.parametrize("key", KEYS)
async def test_an_everyday_question_costs_no_more_than_with_the_peer(
    asked: Mapping[str, Question], tools: Client[Any], http: httpx.AsyncClient, key: str
) -> None:
    """The answer is complete, and costs at most 105 % of the bytes of the peer's complete answer."""
    assert await _share(asked[key], tools, http) <= WORST


async def test_everyday_questions_cost_less_than_with_the_peer(
    asked: Mapping[str, Question], tools: Client[Any], http: httpx.AsyncClient
) -> None:
    """In the middle of all fifteen, an answer costs at most 70 % of the peer's bytes."""
    assert tuple(asked) == KEYS
    shares = {key: await _share(question, tools, http) for key, question in asked.items()}
    assert statistics.median(shares.values()) <= MEDIAN, shares
