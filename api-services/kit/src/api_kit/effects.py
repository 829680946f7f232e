"""Effects: a write is a row before it is a call, and the row says afterwards what became of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid4

import agent_effects
import asyncpg
from agent_effects import Begun, Effect, Stored
from agent_stores.pool import DATABASE_ERRORS
from service_kit.body import build_json
from service_kit.http import Reply
from service_kit.log import get_logger

from api_kit.callers import Caller
from api_kit.effect_target import fields_of, with_folded_names
from api_kit.errors import Refusal
from api_kit.routes import Call

State = Literal["done", "partial", "failed", "unknown"]
ACTED = frozenset({"done", "partial"})
MOST_ANSWER_BYTES = 262_144
MOST_URL_LENGTH = 2_000
"""A longer one is not kept: no browser need open it, and half of one leads nowhere."""


@dataclass(frozen=True)
class Outcome:
    """What became of a write."""

    state: State
    status: int | None = None
    url: str | None = None
    detail: str | None = None
    reply: Reply | None = None


async def begin(
    pool: asyncpg.Pool, vendor: str, call: Call, caller: Caller, *, key: str | None, proposal: Stored | None
) -> tuple[UUID, Begun]:
    """Insert the row, unless the same request is known; for a task only while its attempt holds the lease.

    `key` is the caller's own Idempotency-Key. With a `proposal` the write is stored and not sent.

    Returns:
        The effect's id, and what became of the wish; `earlier` is the effect of the same request.

    Raises:
        Refusal: `stale_attempt`: the fence holds; `limit`; `key_conflict`; `effects_unavailable`: there is no database
            to write to.
    """
    asked = fingerprint(call)
    own = None if key is None else f"given:{key}"
    derived = f"auto:{asked}" if proposal or (caller.task and not call.route.idempotent) else None
    write = agent_effects.Write(
        id=uuid4(),
        tenant=caller.tenant,
        task=caller.task,
        attempt=caller.attempt,
        caller=caller.name,
        vendor=vendor,
        tool=caller.tool,
        route=call.route.name,
        target=call.target,
        method=call.route.method,
        request=_request(call),
        key=own or derived,
        fingerprint=asked,
        limit=caller.grant.limits.get(caller.tool or "") if caller.task else None,
        proposal=proposal,
    )
    try:
        begun = await agent_effects.begin(pool, write)
    except DATABASE_ERRORS as error:
        get_logger(__name__).error("effects_lost", error=str(error), step="begin")
        raise Refusal("effects_unavailable", "the effect cannot be recorded, so nothing is sent") from error
    match begun.verdict:
        case "stale":
            raise Refusal("stale_attempt", f"attempt {caller.attempt} of task {caller.task} is not the one that runs")
        case "limit":
            raise Refusal("limit", f"the task may use {caller.tool} {write.limit} times, and has")
        case "conflict" if begun.earlier is not None:
            raise Refusal("key_conflict", f"another request has this Idempotency-Key: {describe(begun.earlier)}")
    return write.id, begun


async def settle(pool: asyncpg.Pool, effect: UUID, outcome: Outcome) -> bool:
    """Say what became of it; False where that fails: the row stays `sending`, which reads as `unknown` in time."""
    reply = outcome.reply if outcome.state in ACTED else None
    url = outcome.url if outcome.url is not None and len(outcome.url) <= MOST_URL_LENGTH else None
    kept = reply.body if reply is not None and len(reply.body) <= MOST_ANSWER_BYTES else None
    try:
        await agent_effects.settle(
            pool,
            effect,
            state=outcome.state,
            status=outcome.status,
            url=url,
            detail=outcome.detail,
            answer=kept,
            answer_type=reply.headers.get("content-type") if reply is not None else None,
        )
    except (*DATABASE_ERRORS, agent_effects.EffectError) as error:
        get_logger(__name__).error("effects_lost", error=str(error), step="settle", effect=str(effect))
        return False
    return True


def fingerprint(call: Call) -> str:
    """Give what tells a request from others: route, path, query and body, with names as the vendor compares them."""
    body, call = "", with_folded_names(call)
    if call.body is not None:
        body = json.dumps(call.body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{call.route.name}\n{call.path_and_query}\n{body}".encode()).hexdigest()


def describe(effect: Effect) -> str:
    """Say what an earlier effect was and became."""
    where = f", see {effect.url}" if effect.url else ""
    why = f" ({effect.detail})" if effect.detail else ""
    return f"{effect.route} on {effect.target} is {effect.state}{why}{where}"


def _request(call: Call) -> Mapping[str, Any]:
    resources = {kind: list(names) for kind, names in call.resources.items()}
    request: dict[str, Any] = {"path": call.path_and_query, "resources": resources}
    if call.body is not None:
        request["body_sha256"] = hashlib.sha256(build_json(call.body)).hexdigest()
    if fields := fields_of(call):
        request["fields"] = fields
    return request
