"""Fifteen questions of every day: what an agent reads until the answer is whole, beside three peers.

Ours and two peers run, against the same stand-in; the replies of github-mcp-server 1.10, which no package has, are made
of the stand-in's own.
"""

import asyncio
import json
import os
import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from fixtures.serving import served_by_thread
from stand_ins.github.app import build
from vendor.github_mcp import peer_shapes
from vendor.github_mcp.everyday import Calls, Question, questions
from vendor.github_mcp.everyday_world import HELLO, PERSON, make_busy, pulls_of

from bench import peer_calls
from bench.enterprise import HOST, Enterprise
from bench.environments import FOLDER, commands_of, node_modules_of
from bench.processes import BenchError
from bench.stdio import Stdio, started
from bench.table import Line, aligned

TOKEN = "ghp_" + "t" * 36
OURS, OFFICIAL, REFERENCE, NEWEST = (
    "ours",
    "github-mcp-server 0.12.1",
    "server-github 2025.4.8",
    "github-mcp-server 1.10",
)
GOALS = {OFFICIAL: 0.40, REFERENCE: 0.40, NEWEST: 0.70}
WORST = 1.05
"""The most that a single question may cost, of any peer's bytes."""
BASE = {"PATH": os.defpath, "LANG": "C.UTF-8"}
Costs = dict[str, int | str]
"""Bytes by the key of a question, or why it has no answer."""


def lines(folder: Path) -> list[Line]:
    """Ask, print the table of all questions, and return the lines that are held; `folder` is for logs."""
    app = build(tokens={TOKEN: "agent-bot"})
    hello = make_busy(app.stand_in.world)
    asked = questions(hello)
    own = [issue.number for issue, _ in pulls_of(hello, PERSON)]
    with served_by_thread(Enterprise(app)) as url, ExitStack() as stack:

        def running(name: str, argv: Sequence[str], **env: str) -> Stdio:
            return stack.enter_context(started(argv, BASE | env, folder / f"{name}.log"))

        command = str(Path(sys.executable).parent / "github-mcp")
        token = {"GITHUB_PERSONAL_ACCESS_TOKEN": TOKEN}
        clients = {
            OURS: running("ours", [command], GITHUB_API_URL=url, GITHUB_TOOLSETS="all", **token),
            OFFICIAL: running("official", _official(), GITHUB_HOST=HOST, HTTP_PROXY=url, **token),
            REFERENCE: running("reference", _reference(), STAND_IN_URL=url, **token),
        }
        calls: Mapping[str, Mapping[str, Calls | str]] = {
            OURS: {one.key: one.ours for one in asked},
            OFFICIAL: peer_calls.github_mcp_server(own),
            REFERENCE: peer_calls.SERVER_GITHUB,
        }
        owner, _, repo = HELLO.partition("/")
        named = {"owner": owner, "repo": repo}
        where = {OURS: {"repository": HELLO}, OFFICIAL: named, REFERENCE: named}
        costs = {name: _costs(client, asked, calls[name], where[name]) for name, client in clients.items()}
        costs[NEWEST] = asyncio.run(_costs_of_version_110(url, asked))
        listed = {name: _listed(client) for name, client in clients.items()}
    sys.stdout.write(_told(asked, costs, listed) + "\n\n")
    return [line for name, goal in GOALS.items() for line in _held(name, goal, costs[OURS], costs[name])]


def _official() -> list[str]:
    command = commands_of("github-mcp-server") / "github-mcp-server"
    return [str(command), "stdio"]


def _reference() -> list[str]:
    node = shutil.which("node")
    if node is None:
        raise BenchError("node is not on PATH: server-github needs Node.js")
    server = node_modules_of("server-github") / "@modelcontextprotocol" / "server-github" / "dist" / "index.js"
    return [node, "--require", str(FOLDER / "server-github" / "loopback.cjs"), str(server)]


def _costs(client: Stdio, asked: Sequence[Question], calls: Mapping[str, Calls | str], more: dict[str, str]) -> Costs:
    """Ask a server all questions.

    Raises:
        BenchError: an answer is not complete, or a call is refused.
    """
    costs: Costs = {}
    for question in asked:
        chosen = calls[question.key]
        if isinstance(chosen, str):
            costs[question.key] = chosen
            continue
        texts = [_text(client.ask("tools/call", {"name": tool, "arguments": more | given})) for tool, given in chosen]
        costs[question.key] = _read(question, texts)
    return costs


async def _costs_of_version_110(url: str, asked: Sequence[Question]) -> Costs:
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=url, headers=headers) as http:
        return {
            question.key: _read(question, [peer_shapes.text(await reply.made(http)) for reply in question.peer])
            for question in asked
        }


def _read(question: Question, texts: Sequence[str]) -> int:
    whole = "\n".join(texts)
    if missing := question.missing(whole):
        raise BenchError(f"{question.asked} is not answered: {missing} is missing in\n{whole[:4000]}")
    return sum(len(text.encode()) for text in texts)


def _text(result: Any) -> str:
    """Give what an agent reads of a result: texts as they are, an embedded file as the JSON that holds it."""
    parts = [one["text"] if one["type"] == "text" else one["resource"] for one in result["content"]]
    text = "\n".join(peer_shapes.text(part) for part in parts)
    if result.get("isError"):
        raise BenchError(f"a call was refused: {text[:1000]}")
    return text


def _listed(client: Stdio) -> int:
    """Count the bytes of what a model is told of the tools."""
    tools = client.ask("tools/list")["tools"]
    return len(json.dumps(tools, separators=(",", ":"), ensure_ascii=False).encode())


def _told(asked: Sequence[Question], costs: Mapping[str, Costs], listed: Mapping[str, int]) -> str:
    rows = [("question: bytes read, ours of theirs", *costs)]
    for question in asked:
        ours = costs[OURS][question.key]
        cells = [_cell(costs[name][question.key], ours) for name in costs]
        rows.append((question.asked, *cells))
    rows.append(("tools/list of all tools, counted apart", *(str(listed.get(name, "-")) for name in costs)))
    return aligned(rows)


def _cell(theirs: int | str, ours: int | str) -> str:
    if isinstance(theirs, str) or isinstance(ours, str):
        return f"cannot: {theirs}"
    return f"{theirs}" if theirs is ours else f"{theirs} ({ours / theirs:.0%})"


def _held(name: str, goal: float, ours: Costs, theirs: Costs) -> list[Line]:
    """Make the two lines of a peer: the median of the questions that it answers, and the worst."""
    shares = [_share(ours[key], cost) for key, cost in theirs.items() if not isinstance(cost, str)]
    told = f"{len(shares)} of {len(theirs)} questions"
    return [
        Line(f"GitHub: bytes of {told}, median, beside {name}", [statistics.median(shares)], [100.0], "%", goal),
        Line(f"GitHub: bytes of {told}, worst, beside {name}", [max(shares)], [100.0], "%", WORST),
    ]


def _share(ours: int | str, theirs: int) -> float:
    assert isinstance(ours, int)
    return ours / theirs * 100
