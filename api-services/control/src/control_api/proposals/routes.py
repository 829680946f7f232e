"""`/v1/proposals`: what tasks propose, shown where a door approves, decided by the hash of what was shown."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, get_args
from uuid import UUID

import agent_effects
import asyncpg
from agent_effects import Proposal, ProposalError
from agent_effects.models import State
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from service_kit.access import AccessFile, Door
from service_kit.log import get_logger
from service_kit.validation_errors import described
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from control_api.auth import check_decides, open_deciding_door
from control_api.body import parse_json, read_body
from control_api.errors import Refusal
from control_api.query import limit_of, states_of

MAX_BODY_BYTES = 16_384
STATES: tuple[State, ...] = get_args(State)
UNKNOWN = "GET /v1/proposals lists what there is."
WHEN = TypeAdapter(datetime)
SHOWN = TypeAdapter(dict[str, Any])


class Decision(BaseModel):
    """The body of a decision."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="the hash of what the decider was shown")
    reason: str = Field("", max_length=500, pattern=r"^[^\x00]*$", description="why; it is recorded")


@dataclass(frozen=True)
class Proposals:
    """The routes over proposals; each sees its door's tenant alone."""

    pool: asyncpg.Pool
    access: AccessFile

    def routes(self) -> list[Route]:
        """Give the routes."""
        return [
            Route("/v1/proposals", self._list, methods=["GET"]),
            Route("/v1/proposals/{id}", self._show, methods=["GET"]),
            Route("/v1/proposals/{id}/approve", partial(self._decide, approve=True), methods=["POST"]),
            Route("/v1/proposals/{id}/deny", partial(self._decide, approve=False), methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        door = open_deciding_door(request, self.access)
        limit = limit_of(request)
        found = await agent_effects.proposals(
            self.pool,
            tenant=door.tenant,
            task=_task(request),
            states=states_of(request, STATES),
            before=_before(request),
            most=limit,
        )
        document: dict[str, Any] = {"proposals": [_brief(proposal) for proposal in found]}
        if len(found) == limit:
            document["before"] = found[-1].proposed_at.isoformat()
        return JSONResponse(document)

    async def _show(self, request: Request) -> Response:
        return JSONResponse(_whole(await self._seen(request, open_deciding_door(request, self.access))))

    async def _decide(self, request: Request, *, approve: bool) -> Response:
        door = open_deciding_door(request, self.access)
        decision = _decision(await read_body(request, limit=MAX_BODY_BYTES), request.headers)
        seen = await self._seen(request, door)
        check_decides(door, seen.skill)
        try:
            decided = await agent_effects.decide(
                self.pool,
                seen.id,
                approve=approve,
                by=door.decider,
                reason=decision.reason,
                sha256=decision.sha256,
                tenant=door.tenant,
            )
        except ProposalError as error:
            raise _refused(error) from None
        get_logger(__name__).info("decided", effect=str(seen.id), state=decided.state, by=door.decider)
        return JSONResponse(_whole(decided))

    async def _seen(self, request: Request, door: Door) -> Proposal:
        text = request.path_params["id"]
        try:
            return await agent_effects.proposal(self.pool, UUID(text), tenant=door.tenant)
        except ValueError:
            raise Refusal("unknown", f"{text[:80]!r} is no proposal's id", remedy=UNKNOWN) from None
        except ProposalError as error:
            raise _refused(error) from None


def _refused(error: ProposalError) -> Refusal:
    return Refusal(error.reason, str(error), remedy=UNKNOWN if error.reason == "unknown" else None)


def _whole(proposal: Proposal) -> dict[str, Any]:
    """Give all but the stored call, which is what `shown` says in words."""
    fields = asdict(proposal)
    del fields["call"], fields["base"]
    whole: dict[str, Any] = SHOWN.dump_python(fields, mode="json")
    return whole


def _brief(proposal: Proposal) -> dict[str, Any]:
    whole = _whole(proposal)
    del whole["shown"]
    return whole


def _decision(raw: bytes, headers: Mapping[str, str]) -> Decision:
    remedy = "Send sha256, the hash of what you were shown, and a reason."
    try:
        return Decision.model_validate(parse_json(raw, headers, remedy))
    except ValidationError as error:
        raise Refusal("body", described(error, Decision), status=422, remedy=remedy) from None


def _task(request: Request) -> UUID | None:
    text = request.query_params.get("task")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refusal("query", f"task={(text or '')[:80]!r} is not usable", remedy="Give a task's id.") from None


def _before(request: Request) -> datetime | None:
    text = request.query_params.get("before")
    if not text:
        return None
    with suppress(ValidationError, OverflowError):  # a time for which UTC has no year, too
        moment = WHEN.validate_python(text.replace(" ", "+"))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise Refusal("query", f"before={text[:80]!r} is not usable", remedy="Give the `before` of the page before it.")
