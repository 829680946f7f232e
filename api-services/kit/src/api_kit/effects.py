"""Effects: a write is a row before it is a call, and the row says afterwards what became of it."""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid4

import agent_effects
import asyncpg
from service_kit.http import Reply
from service_kit.log import get_logger

from api_kit import body, query
from api_kit.callers import Caller
from api_kit.errors import Refusal
from api_kit.routes import Call
from api_kit.upstream import Vendor, document_of

State = Literal["done", "failed", "unknown"]
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


@dataclass(frozen=True)
class Outcome:
    """What became of a write."""

    state: State
    status: int | None = None
    url: str | None = None
    detail: str | None = None


class Effects:
    """Writes the rows of one vendor's gateway."""

    def __init__(self, pool: asyncpg.Pool, vendor: Vendor) -> None:
        self._pool = pool
        self._vendor = vendor

    async def begin(self, call: Call, caller: Caller) -> UUID:
        """Insert the row, in state `sending`; for a task only while its attempt holds the lease (the fence).

        Raises:
            Refusal: `stale_attempt`: the fence holds; `effects_unavailable`: there is no database to write to.
        """
        effect = uuid4()
        try:
            live = await agent_effects.begin(
                self._pool,
                id=effect,
                tenant=caller.tenant,
                task=caller.task,
                attempt=caller.attempt,
                caller=caller.service,
                vendor=self._vendor.name,
                tool=caller.tool,
                route=call.route.name,
                target=call.target,
                method=call.route.method,
                request=_request(call),
            )
        except LOST as error:
            get_logger(__name__).error("effects_lost", error=str(error), step="begin")
            raise Refusal("effects_unavailable", "the effect cannot be recorded, so nothing is sent") from error
        if not live:
            message = f"attempt {caller.attempt} of task {caller.task} is not the one that runs"
            raise Refusal("stale_attempt", message)
        return effect

    async def settle(self, effect: UUID, outcome: Outcome) -> bool:
        """Say what became of it; False where that fails: the row stays `sending`, which reads as `unknown` in time."""
        try:
            await agent_effects.settle(
                self._pool,
                effect,
                state=outcome.state,
                status=outcome.status,
                url=outcome.url,
                detail=outcome.detail,
            )
        except (*LOST, agent_effects.EffectError) as error:
            get_logger(__name__).error("effects_lost", error=str(error), step="settle", effect=str(effect))
            return False
        return True

    def judge(self, call: Call, reply: Reply) -> Outcome:
        """Read off a reply what became of a write: 2xx and what was asked is there, done; 5xx, unknown; else failed."""
        if reply.status >= 500:
            return Outcome("unknown", reply.status, detail=f"{self._vendor.name} answered {reply.status}")
        if not reply.ok:
            return Outcome("failed", reply.status, detail=f"{self._vendor.name} answered {reply.status}")
        try:
            document = document_of(reply)
        except Refusal as refusal:
            return Outcome("unknown", reply.status, detail=refusal.message)
        missing = call.route.confirm(call.body, document) if call.route.confirm else None
        return Outcome("failed" if missing else "done", reply.status, self._vendor.link(document), missing)


def failed(refusal: Refusal) -> Outcome:
    """Say what became of a write that got no usable reply."""
    state: State = "failed" if refusal.reason == "upstream_unreachable" else "unknown"
    return Outcome(state, detail=refusal.message)


def _request(call: Call) -> dict[str, Any]:
    request: dict[str, Any] = {"path": call.route.template.build(call.path) + query.build(call.query)}
    if call.body is not None:
        request["body_sha256"] = hashlib.sha256(body.build(call.body)).hexdigest()
        request["fields"] = sorted(call.body if isinstance(call.body, dict) else _bare(call))
    return request


def _bare(call: Call) -> frozenset[str]:
    """Name what a list stands for that came in the place of an object."""
    return call.route.body.fields if call.route.body is not None else frozenset()
