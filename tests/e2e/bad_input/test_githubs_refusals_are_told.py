"""GitHub refuses: the task ends with the reason in one line, and none of GitHub's own words get further."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from agent_contracts import TaskResult
from e2e.bad_input.ground import Ground
from fixtures.running import RunningHouse
from fixtures.stores import run_apart

REPOSITORY = "acme/refusals"
HIDDEN = "UPSTREAM-WORDS authorization_request=A2V5LW9mLXRoZS1vcmdhbml6YXRpb24"
SSO = {"x-github-sso": f"required; url=https://github.com/orgs/acme/sso?{HIDDEN.split()[1]}"}
SCOPE = {"x-oauth-scopes": "public_repo", "x-accepted-oauth-scopes": "repo"}
READ: dict[str, Any] = {"tool": "issue_read", "input": {"method": "get", "repository": REPOSITORY}}
LABELS = {"tool": "list_labels", "input": {"repository": REPOSITORY}}
WRITE: dict[str, Any] = {
    "tool": "issue_write",
    "input": {"method": "update", "repository": REPOSITORY, "labels": ["bug"]},
}
COMMENT: dict[str, Any] = {
    "tool": "add_issue_comment",
    "input": {"repository": REPOSITORY, "body": "Labelled as a bug."},
}
OUTPUT = {"labels": ["bug"], "summary": "Labelled and commented.", "similar": []}
CLAIM = {"statement": "The labels are known.", "refs": "{{ refs.list_labels[:1] }}"}
UNREAD = r"no successful reply of github/issue_read is proven \(last error: github/issue_read: "
UNWRITTEN = r"no write of github/issue_write as done: failed on acme/refusals#"


@dataclass(frozen=True)
class Case:
    """A status of GitHub's for one method on one issue, and what the verdict must say."""

    name: str
    method: str
    status: int
    says: str
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = "evidence"


CASES = (
    Case("scope", "GET", 403, UNREAD + r".*may not do this with .* \(403\)\..*none of the scopes repo\.", SCOPE),
    Case("sso", "GET", 403, UNREAD + r".*single sign-on of the organization acme \(403\)\. .*authorize", SSO),
    Case("unknown", "GET", 404, UNREAD + r".*knows no acme/refusals#3.* \(404\)"),
    Case("deleted", "GET", 410, UNREAD + r".*was deleted.* \(410\)\. Leave it"),
    Case("outage", "GET", 502, UNREAD + r".*502.*later", reason="server"),
    Case("conflict", "PATCH", 409, UNWRITTEN),
    Case("gone", "PATCH", 410, UNWRITTEN),
    Case("invalid", "PATCH", 422, UNWRITTEN),
)


async def _prepare(house: RunningHouse) -> None:
    issues = [{"title": f"Crash {case.name}", "user": "mona", "body": "An error."} for case in CASES]
    repository = {"full_name": REPOSITORY, "labels": [{"name": "bug"}], "issues": issues}
    assert (await house.github("POST", "/_stand-in/repositories", json=repository)).status == 201
    for number, case in enumerate(CASES, 1):
        fault: dict[str, Any] = {
            "fault": "status",
            "status": case.status,
            "times": 9,
            "match": {"method": case.method, "path_regex": f"^/repos/{REPOSITORY}/issues/{number}$"},
            "body": {"message": HIDDEN, "errors": [{"resource": "Issue", "field": "labels", "code": "invalid"}]},
            "headers": dict(case.headers),
        }
        assert (await house.github("POST", "/_stand-in/faults", json=fault)).status == 204
        calls = [{**one, "input": {**one["input"], "issue": number}} for one in (READ, WRITE, COMMENT)]
        steps: list[dict[str, Any]] = [{"text": "I look.", "tools": [calls[0], LABELS]}]
        if case.method == "PATCH":
            steps.append({"text": "I write.", "tools": calls[1:]})
        steps.append({"structured": {"output": OUTPUT, "claims": [CLAIM]}})
        mark = rf'(?s)"issue": {number}\b.{{0,40}}"{REPOSITORY}"|"{REPOSITORY}".{{0,40}}"issue": {number}\b'
        await house.scenario(f"refusal-{case.name}", {"match": {"regex": mark}, "steps": steps})


async def _play(house: RunningHouse) -> dict[str, tuple[UUID, TaskResult]]:
    async def one(number: int) -> tuple[UUID, TaskResult]:
        given = {"repository": REPOSITORY, "issue": number}
        task = await house.submit("issue-triage", given, retry={"max_attempts": 1})
        return task, await house.result(task, within=120)

    await _prepare(house)
    ends = await asyncio.gather(*(one(number) for number in range(1, len(CASES) + 1)))
    return {case.name: end for case, end in zip(CASES, ends, strict=True)}


@pytest.fixture(scope="module")
def ends(ground: Ground) -> dict[str, tuple[UUID, TaskResult]]:
    """Every case's task and result, played once, side by side."""
    played: dict[str, tuple[UUID, TaskResult]] = run_apart(_play(ground.house))
    return played


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_the_verdict_says_what_github_refused(
    ends: Mapping[str, tuple[UUID, TaskResult]], ground: Ground, case: Case
) -> None:
    """The task has ended by its cause, in one line with the next step; GitHub's body and headers stay out."""
    task, result = ends[case.name]

    assert (result.status, result.reason, result.attempts) == ("failed", case.reason, 1), result.message
    assert re.search(case.says, result.message), result.message
    assert "\n" not in result.message
    assert "ref:" not in result.message
    kept = result.model_dump_json() + "".join(event.model_dump_json() for event in await ground.house.events(task))
    for hidden in (*HIDDEN.split(), *ground.secrets().values()):
        assert hidden not in kept
    asked = str(await ground.house.asked(result.session))
    assert not [hidden for hidden in HIDDEN.split() if hidden in asked]
    assert (await ground.house.view(task))["state"] == "failed"


def test_nothing_is_left(ends: Mapping[str, tuple[UUID, TaskResult]], ground: Ground) -> None:
    """Runs that met refusals leave no process, and no log tells a secret."""
    assert len(ends) == len(CASES)
    ground.nothing_is_left()
