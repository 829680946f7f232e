"""A person's token beside the service token: what the person's entry and the tenant's allow, and nothing more."""

import asyncio
import json
import re
from typing import Any

import agent_effects
import asyncpg
import httpx
import pytest
from agent_effects import ProposalError
from fixtures.gateway import effects, until
from vendor.github_api.house import HELLO, House

ISSUE = f"/repos/{HELLO}/issues/1"
SECRET = "/repos/octocat/secret-plans/issues/1"


async def ask(
    api: House, person: str, method: str, target: str, tool: str = "issue_read", **more: Any
) -> httpx.Response:
    """Ask as github-mcp does for a person."""
    return await api.ask(method, target, tool=tool, headers={"x-person-token": api.services[person]}, **more)


def reason(reply: httpx.Response) -> tuple[int, str | None]:
    """Give status and reason."""
    return reply.status_code, reply.headers.get("x-agent-gateway-error")


@pytest.mark.parametrize(
    ("person", "method", "target", "tool", "expected"),
    [
        ("ann", "GET", ISSUE, "issue_read", (200, None)),
        ("ann", "GET", SECRET, "issue_read", (403, "resource")),
        ("ann", "GET", "/repos/elsewhere/x/issues/1", "issue_read", (403, "resource")),
        ("ann", "POST", f"{ISSUE}/comments", "add_issue_comment", (403, "read_only")),
        ("bob", "POST", f"{ISSUE}/comments", "add_issue_comment", (201, None)),
        ("bob", "POST", f"{ISSUE}/labels", "issue_write", (403, "tool")),
        ("dee", "POST", f"{ISSUE}/comments", "add_issue_comment", (403, "read_only")),
        ("eve", "GET", ISSUE, "issue_read", (403, "person")),
        ("fay", "GET", ISSUE, "issue_read", (403, "tenant")),
        ("reader", "GET", ISSUE, "issue_read", (401, "person_token")),
    ],
)
async def test_entry_and_tenant_both_bound_a_person(
    api: House, person: str, method: str, target: str, tool: str, expected: tuple[int, str | None]
) -> None:
    """github-mcp opens nothing of its own; a person reaches what both entries allow, by the tools of the entry."""
    body = {"body": "x"} if method == "POST" else None
    assert reason(await ask(api, person, method, target, tool, body=body)) == expected


async def test_a_persons_token_needs_a_service(api: House) -> None:
    """Alone, in either header, it opens nothing, nor beside a task token; and it stays in the house."""
    token = api.services["ann"]
    alone = await api.ask("GET", ISSUE, service=None, headers={"x-person-token": token})
    as_service = await api.ask("GET", ISSUE, service=None, headers={"authorization": f"Bearer {token}"})
    both = await api.ask("GET", ISSUE, token=api.token(), headers={"x-person-token": token})
    as_task = await api.ask("GET", ISSUE, token=token)
    empty = await api.ask("GET", ISSUE, service="reader", headers={"x-person-token": ""})
    assert [reason(reply)[1] for reply in (alone, as_service, both, as_task, empty)] == [
        "service_token", "service_token", "header", "task_token", "person_token",
    ]  # fmt: skip
    assert (await ask(api, "ann", "GET", ISSUE)).status_code == 200
    assert token not in json.dumps(api.seen, default=str)


async def test_a_person_adds_nothing_to_a_service_and_takes_nothing_from_it(api: House) -> None:
    """Through a service that opens more for itself a person reaches the person's own alone."""
    headers = {"x-person-token": api.services["ann"]}
    write = await api.ask(
        "POST", f"{ISSUE}/comments", service="helper", tool="add_issue_comment", headers=headers, body={"body": "x"}
    )
    assert reason(write) == (403, "read_only")


async def test_writes_are_the_persons_own(api: House, pool: asyncpg.Pool) -> None:
    """The effect names the person; under one Idempotency-Key two people write each their own."""
    for person in ("bob", "bob"):
        headers = {"x-person-token": api.services[person], "idempotency-key": "k"}
        reply = await api.ask(
            "POST", f"{ISSUE}/comments", tool="add_issue_comment", headers=headers, body={"body": "hello"}
        )
        assert reply.status_code == 201
    (row,) = await effects(pool)
    assert (row["caller"], row["task_id"], row["tenant"]) == ("person:bob", None, "default")


async def test_a_persons_own_token_is_not_written(api: House) -> None:
    """Text that holds the token is refused, and counted."""
    reply = await ask(api, "bob", "POST", f"{ISSUE}/comments", "add_issue_comment", body={"body": api.services["bob"]})
    assert reason(reply) == (422, "secret")
    metrics = (await api.client.get(f"{api.url}/metrics")).text
    assert re.search(r'^gateway_requests_total\{reason="secret",.*status="422",.*\} 1\.0$', metrics, re.MULTILINE)


async def test_who_proposes_does_not_decide(api: House, pool: asyncpg.Pool) -> None:
    """A person whose entry says `propose` stores writes, and another approves them."""
    reply = await ask(api, "cem", "POST", f"{ISSUE}/comments", "add_issue_comment", body={"body": "x"})
    assert reply.status_code == 202
    (proposal,) = await agent_effects.proposals(pool)
    assert proposal.author == "person:cem"
    decision: dict[str, Any] = {"approve": True, "reason": "", "sha256": proposal.sha256}
    with pytest.raises(ProposalError) as refused:
        await agent_effects.decide(pool, proposal.id, by="person:cem", **decision)
    assert refused.value.reason == "submitter"
    await agent_effects.decide(pool, proposal.id, by="person:bob", **decision)


async def test_what_a_person_may_no_longer_do_is_not_sent(api: House, pool: asyncpg.Pool) -> None:
    """Between proposal and approval the entry was closed: the proposal ends unsent, and says why."""
    await ask(api, "cem", "POST", f"{ISSUE}/comments", "add_issue_comment", body={"body": "x"})
    (proposal,) = await agent_effects.proposals(pool)
    path = api.settings.access_file
    access = json.loads(path.read_text())
    del access["people"]["cem"]
    path.write_text(json.dumps(access))
    while (await ask(api, "cem", "GET", ISSUE)).status_code != 401:
        await asyncio.sleep(0.1)
    await agent_effects.decide(pool, proposal.id, by="person:bob", approve=True, reason="", sha256=proposal.sha256)
    (row,) = await until(pool, "failed")
    assert "no person 'cem'" in row["detail"]
