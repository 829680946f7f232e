"""The way of one write: filtered, recorded, sent, settled; found out where its reply was lost; never sent twice unseen.

A gateway that dies in between leaves a row: nothing was sent, or the reply is found out by whoever asks again, or by
the gateway's own rounds.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from agent_effects import Effect
from service_kit.http import Reply
from service_kit.json_text import Json

from api_kit import policy
from api_kit.audit import Entry
from api_kit.callers import Caller
from api_kit.effects import ACTED, Effects, Outcome, describe, failed
from api_kit.errors import Refusal
from api_kit.proposal_document import PROPOSED_SECONDS, stored
from api_kit.routes import Call, Fetch
from api_kit.upstream import Vendor

JSON = "application/json; charset=utf-8"
PROPOSED = "application/vnd.agent-bot.proposal+json"
WAITING = frozenset({"proposed", "approved"})
"""States in which the reply is this gateway's own word of a proposal."""
EARLIER = timedelta(minutes=10)
"""How far back a probe looks beyond the send: clocks may be minutes apart."""
Sender = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True)
class Writer:
    """Writes for callers.

    Args:
        effects: the rows.
        vendor: finds the address of what was written.
        patience: seconds after which nobody waits for a send's reply any more.
        proposal_seconds: how long a proposal waits for a decision.
    """

    effects: Effects
    vendor: Vendor
    patience: float
    proposal_seconds: float = PROPOSED_SECONDS

    async def write(
        self, call: Call, caller: Caller, entry: Entry, *, key: str | None, send: Sender, fetch: Fetch
    ) -> Reply:
        """Write, or store as a proposal, or answer from what the same request did before.

        Raises:
            Refusal: nothing was sent now; or it was, and what became of it is in `entry`.
        """
        proposal = (
            await stored(call, caller, fetch, seconds=self.proposal_seconds)
            if policy.is_proposed(call.route, caller)
            else None
        )
        while True:
            entry.effect, begun = await self.effects.begin(call, caller, key=key, proposal=proposal)
            if begun.earlier is None:
                entry.effect_state = "sending"
                if proposal is not None:
                    return self._waiting(entry, entry.effect, "proposed")
                return await self.send(call, entry.effect, entry, send=send, fetch=fetch)
            entry.effect, entry.effect_state = begun.earlier.id, begun.earlier.state
            reply = await self._again(call, begun.earlier, entry, fetch)
            if reply is not None:
                return reply

    async def send(self, call: Call, effect: UUID, entry: Entry, *, send: Sender, fetch: Fetch) -> Reply:
        """Send what has a row in state `sending`, and settle it; an exception in between leaves the row, which is true.

        Raises:
            Refusal: no usable reply came, and what became of the write was not found out at once.
        """
        probe = call.route.probe
        marked = replace(call, body=probe.mark(call.body, effect)) if probe and probe.mark else call
        try:
            refusal, outcome = None, self.effects.classify_reply(call, await send(marked))
        except Refusal as error:
            refusal, outcome = error, failed(error)
        if outcome.state == "unknown":
            outcome = await self.found(call, effect, fetch) or outcome
        if await self.effects.settle(effect, outcome):
            entry.effect_state, entry.effect_detail = outcome.state, outcome.detail
        if refusal is not None and outcome.reply is None:
            raise refusal
        assert outcome.reply is not None
        return outcome.reply

    async def found(self, call: Call, effect: UUID, fetch: Fetch, *, age: float = 0.0) -> Outcome | None:
        """Look what became of a write whose reply was lost; None where that cannot be said yet.

        What is there is done; what is not there when it can no longer come has failed.

        Args:
            call: what was sent.
            effect: its id.
            fetch: a way to read.
            age: seconds since it was sent.
        """
        probe = call.route.probe
        if probe is None:
            return None
        try:
            since = datetime.now(UTC) - timedelta(seconds=age) - EARLIER
            document = await probe.find(call, effect, fetch, since)
        except Refusal:
            return None
        if document is not None:
            return self.effects.done(call, document, made(document, probe.status))
        gone = probe.settle_window is not None and age > probe.settle_window
        return Outcome("failed", detail=f"{self.vendor.name} never got it") if gone else None

    async def _again(self, call: Call, earlier: Effect, entry: Entry, fetch: Fetch) -> Reply | None:
        """Answer a repeat from its row; None where it came to nothing and may be sent anew."""
        entry.repeat = True
        match earlier.state:
            case "done" | "partial" if earlier.answer is not None:
                return Reply.made(earlier.status or HTTPStatus.OK, earlier.answer, earlier.answer_type or JSON)
            case "done" | "partial":
                raise Refusal("effect_done", f"this was done before: {describe(earlier)}")
            case state if state in WAITING:
                return self._waiting(entry, earlier.id, earlier.state)
            case "denied" | "expired":
                raise Refusal("denied", f"this was proposed before: {describe(earlier)}")
        if earlier.age < self.patience and earlier.state == "sending":
            raise Refusal("effect_open", describe(earlier), retry_after=self.patience - earlier.age)
        outcome = await self.found(call, earlier.id, fetch, age=earlier.age)
        if outcome is None or not await self.effects.settle(earlier.id, outcome):
            raise self._unknown(call, earlier)
        entry.effect_state = outcome.state
        return outcome.reply if outcome.state in ACTED else None

    def _unknown(self, call: Call, earlier: Effect) -> Refusal:
        probe = call.route.probe
        wait = probe.settle_window - earlier.age if probe and probe.settle_window is not None else None
        message = f"whether {earlier.route} on {earlier.target} took effect is not known"
        if wait is not None:
            message += ": its reply was lost, and it may still arrive"
        return Refusal("effect_unknown", message, retry_after=max(1.0, wait) if wait is not None else None)

    def _waiting(self, entry: Entry, effect: UUID, state: str) -> Reply:
        entry.effect_state = state
        document: dict[str, Json] = {
            "proposal": str(effect),
            "state": state,
            "message": "stored and not sent: a policy or a person decides after this task has ended",
        }
        return made(document, HTTPStatus.ACCEPTED, PROPOSED)


def made(document: Json, status: int, content_type: str = JSON) -> Reply:
    """Make a reply of a document."""
    return Reply.made(status, json.dumps(document, ensure_ascii=False).encode(), content_type)
