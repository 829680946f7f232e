"""Proposals of a made-up vendor's writes: stored, approved, and sent by a round when the test says so."""

import asyncio
from typing import Any
from uuid import UUID

import agent_effects
from agent_effects import Proposal
from api_kit import Body, Probe, Resource, Route
from api_kit.reconciler import Reconciler
from asyncpg import Pool
from core.api_kit.toy import TOOLS, Toy, never_found


def write(path: str, resource: Resource, **more: Any) -> Route:
    """Make a route that creates something."""
    body = Body(frozenset({"text"}))
    return Route("POST", path, access="write", tools=TOOLS, resources=(resource,), body=body,
                 verify_reply=lambda asked, reply: None, probe=Probe(never_found), **more)  # fmt: skip


async def proposed(api: Toy, pool: Pool, path: str) -> Proposal:
    """Propose a write, and return what was stored."""
    reply = await api.client.post(path, json={"text": "x"})
    assert reply.status_code == 202, reply.text
    return await agent_effects.proposal(pool, UUID(reply.json()["proposal"]))


async def approve(pool: Pool, found: Proposal) -> None:
    """Approve what was shown."""
    await agent_effects.decide(pool, found.id, approve=True, by="person:ada", reason="fine", sha256=found.sha256)


async def approved(api: Toy, pool: Pool, path: str) -> UUID:
    """Propose a write, and approve it."""
    found = await proposed(api, pool, path)
    await approve(pool, found)
    return found.id


async def rounds(api: Toy, pool: Pool, id_: UUID, gateways: int = 1) -> Proposal:
    """Let one round of each gateway do all that is due, and return the proposal as it is then."""
    await pool.execute("update gateway.proposals set try_at = null")
    reconcilers = [Reconciler(api.gateway) for _ in range(gateways)]
    await asyncio.gather(*(reconciler.send_approved() for reconciler in reconcilers))
    await asyncio.gather(*(sending for reconciler in reconcilers for sending in reconciler.sending.values()))
    return await agent_effects.proposal(pool, id_)
