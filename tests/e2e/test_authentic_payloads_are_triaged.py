"""The webhook road on what GitHub itself published, under the eye of GitHub's own description."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from fixtures.github_spec import repository_of
from fixtures.house import RunningHouse, running_house, worker
from house.paths import HousePaths
from service_kit.http import HttpClient
from stand_ins.github.app import StandInApp, build
from stand_ins.github.description import GitHubDescription
from stand_ins.github.webhook import sign
from stand_ins.kit.exchange_checker import ExchangeChecker

pytestmark = pytest.mark.npm
KNOWN_PAYLOADS = 4


@pytest.fixture(scope="module")
def checkers() -> list[ExchangeChecker]:
    """The judge around the stand-in GitHub, once the house is up."""
    return []


@pytest.fixture(scope="module")
def watched(
    github_spec: GitHubDescription, authentic_issue_payloads: list[dict[str, Any]], checkers: list[ExchangeChecker]
) -> Iterator[RunningHouse]:
    """A house with a worker, whose every exchange with GitHub is held against GitHub's description."""

    def github(paths: HousePaths) -> StandInApp:
        checkers.append(ExchangeChecker(github_spec))
        return build(tokens={paths.secret("stand-in-github.token"): "agent-bot"}, watch=checkers[0])

    repositories = sorted({payload["repository"]["full_name"] for payload in authentic_issue_payloads})
    with running_house(repositories=repositories, triaged=None, github=github) as house, worker(house):
        yield house


def test_all_published_payloads_are_tried(authentic_issue_payloads: list[dict[str, Any]]) -> None:
    """There are as many published payloads as the test below tries."""
    assert len(authentic_issue_payloads) == KNOWN_PAYLOADS


@pytest.mark.slow
@pytest.mark.parametrize("which", range(KNOWN_PAYLOADS))
async def test_a_published_payload_is_triaged(
    watched: RunningHouse, checkers: list[ExchangeChecker], authentic_issue_payloads: list[dict[str, Any]], which: int
) -> None:
    """A payload, signed and delivered as it is, becomes a task that ends proven, its comment posted."""
    payload = authentic_issue_payloads[which]
    repository, number = payload["repository"]["full_name"], payload["issue"]["number"]
    assert (await watched.github("POST", "/_stand-in/reset")).ok
    assert (await watched.github("POST", "/_stand-in/repositories", json=repository_of(payload))).status == 201

    reply = await _deliver(watched, payload)
    assert reply["ignored"] == []
    result = await watched.result(UUID(reply["tasks"][0]["id"]))

    assert (result.status, result.attempts) == ("succeeded", 1), result.message
    assert [(one.tool, one.state) for one in result.effects] == [("issue_write", "done"), ("add_issue_comment", "done")]
    issue = await watched.issue(number, repository)
    assert issue["labels"] == ["bug"]
    assert [comment["user"] for comment in issue["comments"]] == ["agent-bot"]
    assert checkers[0].violations == []
    assert {("PATCH", 200), ("POST", 201)} <= {(method, status) for method, _, status in checkers[0].checked}


async def _deliver(house: RunningHouse, payload: dict[str, Any]) -> dict[str, Any]:
    """Post a payload to control as GitHub does."""
    body = json.dumps(payload, ensure_ascii=False).encode()
    headers = {
        "content-type": "application/json",
        "x-github-event": "issues",
        "x-github-delivery": str(uuid4()),
        "x-hub-signature-256": sign(house.paths.secret("github-webhook.secret"), body),
    }
    async with HttpClient(base_url=house.paths.url("control")) as http:
        reply = await http.request("POST", "/v1/webhooks/github", content=body, headers=headers)
    assert reply.status == 202, reply.text
    answer: dict[str, Any] = reply.json()
    return answer
