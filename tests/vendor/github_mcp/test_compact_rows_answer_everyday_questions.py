"""A compact row is at most 30 % of GitHub's own, and the facts of ten everyday questions are in it."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from vendor.github_mcp.conftest import HELLO, TOKEN, Ask, GitHub

MOST_SHARE = 0.30
Raw = dict[str, Any]


def _day(raw: Raw, key: str) -> str:
    return str(raw[key])[:16] + "Z"


def _names(items: list[Raw], key: str) -> list[str]:
    return [item[key] for item in items]


ISSUE_QUESTIONS: dict[str, Callable[[Raw], list[str]]] = {
    "Which issue is it, and what is it called?": lambda raw: [f"#{raw['number']} ", json.dumps(raw["title"])],
    "Is it open, and if not, why was it closed?": lambda raw: [
        f" {raw['state']} ",
        *([f"because {raw['state_reason']}", f"closed {_day(raw, 'closed_at')}"] if raw["closed_at"] else []),
    ],
    "Who wrote it, a stranger or one of us?": lambda raw: [f"by {raw['user']['login']} ({raw['author_association']})"],
    "Which labels has it?": lambda raw: [json.dumps(name) for name in _names(raw["labels"], "name")],
    "Who is on it?": lambda raw: (
        ["assignees " + " ".join(_names(raw["assignees"], "login"))] if raw["assignees"] else []
    ),
    "How much was said about it?": lambda raw: [f"{raw['comments']} comments"] if raw["comments"] else [],
    "When was it opened?": lambda raw: [f"created {_day(raw, 'created_at')}"],
    "When did something happen last?": lambda raw: (
        [f"updated {_day(raw, 'updated_at')}"] if raw["updated_at"] != raw["created_at"] else []
    ),
    "For which milestone is it, and is it locked?": lambda raw: [
        *([f"milestone {json.dumps(raw['milestone']['title'])}"] if raw["milestone"] else []),
        *(["locked"] if raw["locked"] else []),
    ],
    "What is it about?": lambda raw: [" ".join(raw["body"].split())[:100].replace('"', '\\"')],
}
PULL_QUESTIONS: dict[str, Callable[[Raw], list[str]]] = {
    "Which pull request is it, and what is it called?": lambda raw: [f"#{raw['number']} ", json.dumps(raw["title"])],
    "Is it open, or when was it merged?": lambda raw: [
        " merged " if raw["merged_at"] else f" {raw['state']} ",
        *([f"merged {_day(raw, 'merged_at')}"] if raw["merged_at"] else []),
    ],
    "Is it ready, or still a draft?": lambda raw: [", draft,"] if raw["draft"] else [],
    "Who wrote it, a stranger or one of us?": lambda raw: [f"by {raw['user']['login']} ({raw['author_association']})"],
    "From which branch to which?": lambda raw: [f'"{raw["head"]["ref"]}" -> "{raw["base"]["ref"]}"'],
    "Which labels has it?": lambda raw: [json.dumps(name) for name in _names(raw["labels"], "name")],
    "Who is on it, and who is to review it?": lambda raw: [
        *(["assignees " + " ".join(_names(raw["assignees"], "login"))] if raw["assignees"] else []),
        *(["reviewers " + " ".join(_names(raw["requested_reviewers"], "login"))] if raw["requested_reviewers"] else []),
    ],
    "When was it opened, and when touched last?": lambda raw: [
        f"created {_day(raw, 'created_at')}",
        *([f"updated {_day(raw, 'updated_at')}"] if raw["updated_at"] != raw["created_at"] else []),
    ],
    "For which milestone is it?": lambda raw: (
        [f"milestone {json.dumps(raw['milestone']['title'])}"] if raw["milestone"] else []
    ),
    "What is it about?": lambda raw: [" ".join(raw["body"].split())[:100].replace('"', '\\"')],
}
QUESTIONS = {"issues": ISSUE_QUESTIONS, "pulls": PULL_QUESTIONS}
TOOLS = {"issues": "list_issues", "pulls": "list_pull_requests"}


async def _both(ask: Ask, github: GitHub, kind: str) -> list[tuple[str, Raw]]:
    """Give each row of the tool with GitHub's own reply to it; both are read from the running stand-in."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(verify=False, base_url=github.url, headers=headers) as http:
        raw = (await http.get(f"/repos/{HELLO}/{kind}", params={"state": "all"})).json()
    wanted = {item["number"]: item for item in raw if kind == "pulls" or "pull_request" not in item}
    answer = await ask(TOOLS[kind], repository=HELLO, state="all")
    shown = re.findall(r"(?m)^#(\d+) .*$", answer.text)
    assert sorted(map(int, shown)) == sorted(wanted)
    return [(line, wanted[int(line[1:].split()[0])]) for line in answer.text.splitlines() if re.match(r"#\d+ ", line)]


@pytest.fixture
def full_github(github: GitHub) -> GitHub:
    """The stand-in with a locked and assigned issue too."""
    issue = github.hello.issues[3]
    issue.locked, issue.assignees = True, [github.app.stand_in.world.user("mona-example")]
    return github


@pytest.mark.parametrize("kind", QUESTIONS)
async def test_rows_are_small_and_answer(ask: Ask, full_github: GitHub, kind: str) -> None:
    """Each row has at most 30 % of the bytes of GitHub's own, and every fact that the ten questions need."""
    pairs = await _both(ask, full_github, kind)
    assert len(pairs) >= 2
    for row, raw in pairs:
        assert len(row.encode()) <= MOST_SHARE * len(json.dumps(raw, separators=(",", ":")).encode())
        for question, facts in QUESTIONS[kind].items():
            for fact in facts(raw):
                assert fact in row, question


def test_there_are_ten_questions_each() -> None:
    """Ten for issues, ten for pull requests."""
    assert [len(all_) for all_ in QUESTIONS.values()] == [10, 10]
