"""The way of a write, which goes one way: (proposal | row) -> send -> classify -> settle -> answer.

A request enters at `write`, an approved proposal at `send`, a write whose reply was lost at `find_out`. A gateway that
dies in between leaves a row: nothing was sent, or whoever asks again, or the reconciler, finds out what became of it.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import UUID

import agent_effects
import asyncpg
from agent_effects import Effect
from service_kit.http import Reply
from service_kit.json_text import Json

from api_kit import policy
from api_kit.audit import Entry
from api_kit.callers import Caller
from api_kit.classify import Classified, document_of
from api_kit.effects import ACTED, Outcome, State, begin, describe, settle
from api_kit.errors import UNSENT, Refusal
from api_kit.proposal_document import stored
from api_kit.routes import Answered, Call, Fetch
from api_kit.upstream_session import UpstreamSession
from api_kit.vendor import UpstreamVendor

JSON = "application/json; charset=utf-8"
PROPOSED = "application/vnd.agent-bot.proposal+json"
WAITING = frozenset({"proposed", "approved"})
"""States in which the reply is this gateway's own word of a proposal."""
EARLIER = timedelta(minutes=10)
"""How far back a probe looks beyond the send: clocks may be minutes apart."""
DONE = Classified("done")
UNCOMPARED = "found by its mark, and not compared with all that was asked"
"""The reconciler finds a write whose body nobody kept."""


@dataclass
class Write:
    """One write on its way: a call that is checked and filtered. Its audit entry has its effect's id and state.

    `sends` is, of an approved proposal, how often it was taken to be sent; one that was not sent after all waits on.
    """

    call: Call
    caller: Caller
    session: UpstreamSession
    entry: Entry
    sends: int | None = None

    @property
    def effect(self) -> UUID:
        """The id of its row."""
        assert self.entry.effect is not None
        return self.entry.effect


@dataclass(frozen=True)
class EffectFlow:
    """Writes for callers. After `patience`, in seconds, nobody waits for a send's reply any more."""

    pool: asyncpg.Pool
    vendor: UpstreamVendor
    patience: float

    async def write(self, write: Write, *, key: str | None) -> Answered:
        """Send a write, or store it as a proposal, or answer from what the same request did before.

        Raises:
            Refusal: nothing was sent now; or it was, and what became of it is in the write's entry.
        """
        call, entry, fetch = write.call, write.entry, write.session.fetch_apart
        proposal = None
        if policy.is_proposed(call, write.caller):
            proposal = await stored(call, write.caller, fetch)
        while True:
            entry.effect, begun = await begin(
                self.pool, self.vendor.name, call, write.caller, key=key, proposal=proposal
            )
            entry.repeat = begun.earlier is not None
            if begun.earlier is None:
                entry.effect_state = "sending"
                return self._waiting(entry, "proposed") if proposal else await self.send(write)
            entry.effect, entry.effect_state = begun.earlier.id, begun.earlier.state
            earlier = await self._answer_of(call, begun.earlier, entry, fetch)
            if earlier is not None:
                return earlier

    async def send(self, write: Write) -> Answered:
        """Send what has a row in state `sending`, classify the reply, and settle the row.

        An exception in between leaves the row as it is, which is true.

        Raises:
            Refusal: no usable reply came, and what became of the write was not found out at once; or an approved
                proposal was not sent, or met the vendor's limit, and is `approved` again.
        """
        call, probe, entry = write.call, write.call.route.probe, write.entry
        marked = replace(call, body=probe.mark(call.body, write.effect)) if probe and probe.mark else call
        refusal, answered = None, None
        try:
            answered = await write.session.send(marked)
            entry.upstream_status = answered.reply.status
            if write.sends is not None and answered.said.state == "limited":
                told = answered.said.told(self.vendor.name, answered.reply)
                raise Refusal("vendor_rate", told, retry_after=answered.said.seconds or None)
            outcome = self.classify(call, answered)
        except Refusal as error:
            refusal = error
            outcome = Outcome("failed" if error.reason in UNSENT else "unknown", detail=error.message)
            if write.sends is not None and error.reason in UNSENT:
                await agent_effects.release(self.pool, write.effect, sends=write.sends)
                raise
        if outcome.state == "unknown":
            outcome = await self.find_out(call, write.effect, write.session.fetch_apart) or outcome
        if await settle(self.pool, write.effect, outcome):
            entry.effect_state, entry.effect_detail = outcome.state, outcome.detail
        if outcome.reply is not None and (answered is None or outcome.reply is not answered.reply):
            return Answered(outcome.reply, DONE)
        if answered is None:
            assert refusal is not None
            raise refusal
        return answered

    def classify(self, call: Call, answered: Answered) -> Outcome:
        """Return what became of a write by its reply: done, or partial where not all is there, failed or unknown."""
        reply, said = answered.reply, answered.said
        if said.state != "done":
            state: State = "unknown" if said.state == "unknown" else "failed"
            return Outcome(state, reply.status, detail=said.told(self.vendor.name, reply), reply=reply)
        try:
            document = document_of(reply)
        except Refusal as refusal:
            return Outcome("unknown", reply.status, detail=refusal.message, reply=reply)
        return self._done(call, document, reply)

    async def find_out(self, call: Call, effect: UUID, fetch: Fetch, *, age: float = 0.0) -> Outcome | None:
        """Look what became of a write whose reply was lost; None where that cannot be said yet.

        What is there is done; what is not there when it can no longer come, `age` seconds after the send, has failed.
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
            return self._done(call, document, made(document, probe.status))
        gone = probe.settle_window is not None and age > probe.settle_window
        return Outcome("failed", detail=f"{self.vendor.name} never got it") if gone else None

    def _done(self, call: Call, document: Json, reply: Reply) -> Outcome:
        verify, url = call.route.verify_reply, self.vendor.link(document)
        if call.route.body is not None and call.body is None:
            return Outcome("done", reply.status, url, UNCOMPARED, reply)
        missing = verify(call.body, document) if verify else None
        return Outcome("partial" if missing else "done", reply.status, url, missing, reply)

    async def _answer_of(self, call: Call, earlier: Effect, entry: Entry, fetch: Fetch) -> Answered | None:
        """Answer a repeat from its row; None where it came to nothing and may be sent anew."""
        match earlier.state:
            case "done" | "partial" if earlier.answer is not None:
                kept = Reply.made(earlier.status or HTTPStatus.OK, earlier.answer, earlier.answer_type or JSON)
                return Answered(kept, DONE)
            case "done" | "partial":
                raise Refusal("effect_done", f"this was done before: {describe(earlier)}")
            case state if state in WAITING:
                return self._waiting(entry, earlier.state)
            case "denied" | "expired":
                raise Refusal("denied", f"this was proposed before: {describe(earlier)}")
        if earlier.age < self.patience and earlier.state == "sending":
            raise Refusal("effect_open", describe(earlier), retry_after=self.patience - earlier.age)
        outcome = await self.find_out(call, earlier.id, fetch, age=earlier.age)
        if outcome is None or not await settle(self.pool, earlier.id, outcome):
            raise self._unknown(call, earlier)
        entry.effect_state = outcome.state
        return Answered(outcome.reply, DONE) if outcome.state in ACTED and outcome.reply else None

    def _unknown(self, call: Call, earlier: Effect) -> Refusal:
        probe = call.route.probe
        wait = probe.settle_window - earlier.age if probe and probe.settle_window is not None else None
        message = f"whether {earlier.route} on {earlier.target} took effect is not known"
        if wait is not None:
            message += ": its reply was lost, and it may still arrive"
        return Refusal("effect_unknown", message, retry_after=max(1.0, wait) if wait is not None else None)

    def _waiting(self, entry: Entry, state: str) -> Answered:
        entry.effect_state = state
        document: dict[str, Json] = {
            "proposal": str(entry.effect),
            "state": state,
            "message": "stored and not sent: a policy or a person decides after this task has ended",
        }
        return Answered(made(document, HTTPStatus.ACCEPTED, PROPOSED), DONE)


def made(document: Json, status: int, content_type: str = JSON) -> Reply:
    """Make a reply of a document."""
    return Reply.made(status, json.dumps(document, ensure_ascii=False).encode(), content_type)
