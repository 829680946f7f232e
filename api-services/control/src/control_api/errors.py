"""What control refuses: each refusal has a reason from a closed list, says what was wrong and what to do."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from agent_ledger import UnreadableRow
from agent_stores.pool import DATABASE_ERRORS
from prometheus_client import CollectorRegistry, Counter
from service_kit import refusal
from service_kit.guard import Misdirected
from service_kit.log import get_logger
from service_kit.refusal import Reason
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

REASON_HEADER = "x-agent-control-error"

TASK_SCHEMA = "See docs/schemas/task.schema.json."
SKILLS = "`agent-engine skills list` names the skills; --json has each one's folder, where its input schema is."
REASONS: dict[str, Reason] = {
    # who calls
    "token_missing": Reason(401, "Send Authorization: Bearer TOKEN."),
    "token_unknown": Reason(401, "Use a token listed under http in access.yaml."),
    "door": Reason(
        403, "Keep to what the door opens, or open it: `agent-engine access scope door NAME`, or in access.yaml."
    ),
    "source": Reason(404, "Send to a source of access.yaml."),
    "signature": Reason(401, "Set the same secret on both sides."),
    # the request as such
    "host": Reason(421, "Call control by a name of ALLOWED_HOSTS."),
    "origin": Reason(403, "Call from a web origin of ALLOWED_ORIGINS."),
    "route": Reason(404, "GET /openapi.json lists what is."),
    "header": Reason(400, "Send it once."),
    "query": Reason(422, "Send the parameter as GET /openapi.json has it."),
    "last_event_id": Reason(422, "Send an id as received."),
    "content_type": Reason(415, "Send Content-Type: application/json, without a content encoding."),
    "body": Reason(400, "Send one JSON document without duplicate keys, with the fields of this route only."),
    "body_too_large": Reason(413, "Send a smaller body."),
    "body_timeout": Reason(408, "Send the whole body at once."),
    "rate": Reason(429, "Wait as long as Retry-After says."),
    "json": Reason(400, "Send one JSON document without duplicate keys, in UTF-8."),
    "field": Reason(422, TASK_SCHEMA),
    # tasks
    "size": Reason(413, TASK_SCHEMA),
    "encoding": Reason(400, TASK_SCHEMA),
    "nul": Reason(422, TASK_SCHEMA),
    "skill": Reason(422, SKILLS),
    "input": Reason(422, SKILLS),
    "deadline": Reason(422, TASK_SCHEMA),
    "config": Reason(422, TASK_SCHEMA),
    "state": Reason(422, TASK_SCHEMA),
    "quota": Reason(429, "Send it again when some of the tenant's tasks have begun."),
    "conflict": Reason(409, TASK_SCHEMA),
    "unknown": Reason(404, "Use the id that POST /v1/tasks gave."),
    "final": Reason(409, "GET /v1/tasks/{id} shows how."),
    "streams": Reason(503, "Try again later, or poll the task."),
    # webhooks
    "event": Reason(422, "Send each payload under the name of its own event."),
    "task": Reason(422, "Mend what is named, then send it again: nothing was kept of this delivery."),
    # proposals
    "decided": Reason(409, "GET /v1/proposals/{id} shows by whom and why."),
    "changed": Reason(409, "GET /v1/proposals/{id}, look at it again, and name the hash that it has now."),
    "running": Reason(409, "Decide after the task's verdict."),
    "submitter": Reason(403, "Somebody else decides."),
    "expired": Reason(409, "Submit the task again."),
    # the operator acts
    "database": Reason(503, "Nothing was accepted: try again later."),
    "unreadable": Reason(500, "Tell the operator."),
}
"""Every reason. It holds those of `agent_ledger.InvalidTask` and `agent_effects.ProposalError` too."""


class Refusal(refusal.Refusal):
    """A request that control does not carry out; the reason is a key of `REASONS`."""

    reasons = REASONS
    reason_header = REASON_HEADER


def answer(document: dict[str, Any], status: int = 200) -> Response:
    """Answer with JSON in ASCII, which holds whatever a payload held: broken surrogates too."""
    return Response(json.dumps(document), status, media_type="application/json")


class ErrorAnswers:
    """The answers to errors that end a request; each is a refusal, and counted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._refusals = Counter("control_refusals", "Requests refused", ["reason"], registry=registry)

    def handlers(self) -> dict[Any, Callable[[Request, Exception], Awaitable[Response]]]:
        """Give what Starlette calls for each kind of error."""
        return {
            Refusal: self._refused,
            HTTPException: self._unrouted,
            UnreadableRow: self._unreadable,
            **dict.fromkeys(DATABASE_ERRORS, self._unavailable),
        }

    def misdirected(self, found: Misdirected) -> Response:
        """Answer a request whose Host or Origin is not ours."""
        return self.counted(Refusal(found.reason, found.message, remedy=found.remedy))

    async def _refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        get_logger(__name__).info("refused", reason=error.reason, path=request.url.path, status=error.status)
        return self.counted(error)

    async def _unrouted(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        message = f"{request.method} {request.url.path[:200]} is not served here"
        response = self.counted(Refusal("route", message, status=error.status_code))
        response.headers.update(error.headers or {})
        return response

    async def _unavailable(self, _: Request, error: Exception) -> Response:
        get_logger(__name__).error("database", error=str(error))
        return self.counted(Refusal("database", "the database does not answer"))

    async def _unreadable(self, _: Request, error: Exception) -> Response:
        get_logger(__name__).error("unreadable", error=str(error))
        return self.counted(Refusal("unreadable", str(error)))

    def counted(self, refusal: refusal.Refusal) -> Response:
        """Answer with a refusal, and count it."""
        self._refusals.labels(refusal.reason).inc()
        return refusal.response()
