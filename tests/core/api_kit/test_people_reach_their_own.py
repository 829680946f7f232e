"""A person's token beside the service token: what the person's entry and the tenant's allow, and nothing more."""

import json
import re
from typing import Any

import agent_effects
import asyncpg
import httpx
import pytest
from agent_effects import ProposalError
from core.api_kit.corkboard import KITCHEN, LIST, NOTE, NOTES, note
from fixtures.gateway import House, effects, until


async def pin(house: House, person: str, **more: Any) -> httpx.Response:
    """Pin a note for a person."""
    return await house.ask("POST", NOTES, person=person, tool="note_write", **({"body": NOTE} | more))


def reason(reply: httpx.Response) -> tuple[int, str | None]:
    """Return status and reason."""
    return reply.status_code, reply.headers.get("x-agent-gateway-error")


async def test_entry_and_tenant_both_bound_what_a_person_reads(house: House) -> None:
    """The server opens nothing of its own; a person reads what both entries allow."""
    for person, target, expected in (
        ("ann", LIST, (200, None)),
        ("ann", KITCHEN, (403, "resource")),
        ("ann", "/boards/attic/notes?size=50", (403, "resource")),
        ("bob", KITCHEN, (200, None)),
        ("eve", LIST, (403, "person")),
        ("fay", LIST, (403, "tenant")),
        ("reader", LIST, (401, "person_token")),
    ):
        assert reason(await house.ask("GET", target, person=person, tool="list_notes")) == expected, person


async def test_entry_and_tenant_both_bound_what_a_person_writes(house: House) -> None:
    """A person writes where both entries have mode `write`, by the tools of the entry."""
    for person, expected in (
        ("ann", (403, "read_only")),
        ("bob", (201, None)),
        ("dee", (403, "read_only")),
        ("gil", (403, "tool")),
    ):
        assert reason(await pin(house, person)) == expected, person


async def test_a_persons_token_needs_a_service(house: House) -> None:
    """Alone, in either header, it opens nothing, nor beside a task token; and it stays in the house."""
    token = house.services["ann"]
    alone = await house.ask("GET", LIST, service=None, person="ann")
    as_service = await house.ask("GET", LIST, service=None, headers={"authorization": f"Bearer {token}"})
    both = await house.ask("GET", LIST, token=house.token(), person="ann")
    as_task = await house.ask("GET", LIST, token=token)
    empty = await house.ask("GET", LIST, service="reader", headers={"x-person-token": ""})
    assert [reason(reply)[1] for reply in (alone, as_service, both, as_task, empty)] == [
        "service_token", "service_token", "header", "task_token", "person_token",
    ]  # fmt: skip
    assert (await house.ask("GET", LIST, person="ann")).status_code == 200
    assert token not in json.dumps(house.seen, default=str)


async def test_a_person_adds_nothing_to_a_service_and_takes_nothing_from_it(house: House) -> None:
    """Through a service that opens more for itself a person reaches the person's own alone."""
    assert reason(await pin(house, "ann", service="helper")) == (403, "read_only")


async def test_writes_are_the_persons_own(house: House, pool: asyncpg.Pool) -> None:
    """The effect names the person; a repeat under one Idempotency-Key is sent once."""
    for _ in range(2):
        assert (await pin(house, "bob", headers={"idempotency-key": "k"})).status_code == 201
    (row,) = await effects(pool)
    assert (row["caller"], row["task_id"], row["tenant"]) == ("person:bob", None, "default")


async def test_a_persons_own_token_is_not_written(house: House) -> None:
    """Text that holds the token is refused, and counted."""
    assert reason(await pin(house, "bob", body=note(house.services["bob"]))) == (422, "secret")
    metrics = (await house.client.get(f"{house.url}/metrics")).text
    assert re.search(r'^gateway_requests_total\{reason="secret",.*status="422",.*\} 1\.0$', metrics, re.MULTILINE)


async def test_who_proposes_does_not_decide(house: House, pool: asyncpg.Pool) -> None:
    """A person whose entry says `propose` stores writes, and another approves them."""
    assert (await pin(house, "cem")).status_code == 202
    (proposal,) = await agent_effects.proposals(pool)
    assert proposal.author == "person:cem"
    decision: dict[str, Any] = {"approve": True, "reason": "", "sha256": proposal.sha256}
    with pytest.raises(ProposalError) as refused:
        await agent_effects.decide(pool, proposal.id, by="person:cem", **decision)
    assert refused.value.reason == "submitter"
    await agent_effects.decide(pool, proposal.id, by="person:bob", **decision)


@pytest.mark.usefixtures("watched_closely", "quick_rounds")
async def test_what_a_person_may_no_longer_do_is_not_sent(house: House, pool: asyncpg.Pool) -> None:
    """Between proposal and approval the entry was closed: the proposal ends unsent, and says why."""
    await pin(house, "cem")
    (proposal,) = await agent_effects.proposals(pool)
    path = house.settings.access_file
    access = json.loads(path.read_text())
    del access["people"]["cem"]
    path.write_text(json.dumps(access))
    assert (await house.ask("GET", LIST, person="cem")).status_code == 401
    await agent_effects.decide(pool, proposal.id, by="person:bob", approve=True, reason="", sha256=proposal.sha256)
    (row,) = await until(pool, "failed")
    assert "no person 'cem'" in row["detail"]
