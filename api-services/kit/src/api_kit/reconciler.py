"""A gateway's background loops: they send approved proposals, and find out what became of writes without a reply."""

import asyncio
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from uuid import UUID

import agent_effects
from agent_effects import Effect, Proposal
from agent_stores.pool import DATABASE_ERRORS
from service_kit.json_text import Json
from service_kit.log import get_logger
from service_kit.supervised import Loop

from api_kit import proposal_document
from api_kit.audit import Entry
from api_kit.effect_flow import Write
from api_kit.effects import settle
from api_kit.errors import UNSENT, Refusal
from api_kit.gateway import Gateway
from api_kit.routes import Call

SEND_SECONDS = 1.0
FIND_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 5.0
MOST_UNDER_WAY = 20


@dataclass(frozen=True)
class Reconciler:
    """Takes approved and lost writes the rest of their way; `sending` has the proposals that are being tried."""

    gateway: Gateway
    sending: dict[UUID, asyncio.Task[None]] = field(default_factory=dict)

    def loops(self) -> list[Loop]:
        """Return the loops to run."""
        return [
            Loop("send-approved", self.send_approved, SEND_SECONDS, LONGEST_WAIT_SECONDS, DATABASE_ERRORS),
            Loop("find-lost", self.find_lost, FIND_SECONDS, LONGEST_WAIT_SECONDS, DATABASE_ERRORS),
        ]

    async def stop(self) -> None:
        """Break off what is being sent; its rows stay `sending`, and are found out later."""
        tasks = list(self.sending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def send_approved(self) -> None:
        """Begin to send what was approved and is due; what takes long, or cannot be sent, holds up nothing else."""
        pool, vendor = self.gateway.effects.pool, self.gateway.vendor.name
        room = MOST_UNDER_WAY - len(self.sending)
        for proposal in await agent_effects.approved(pool, vendor, but=self.sending, most=room):
            self.sending[proposal.id] = asyncio.create_task(self._try(proposal))

    async def find_lost(self) -> None:
        """Find out what became of writes whose reply was lost."""
        pool, vendor = self.gateway.effects.pool, self.gateway.vendor.name
        for lost in await agent_effects.take_open(pool, vendor, older_than=self.gateway.effects.patience):
            try:
                await self._find(lost)
            except DATABASE_ERRORS:
                raise
            except Exception:  # one vendor's odd reply must not cost the other rows their look
                get_logger(__name__).exception("find_failed", effect=str(lost.id))

    async def _try(self, proposal: Proposal) -> None:
        try:
            try:
                await self._send(proposal)
            except Refusal as refusal:
                await self._not_sent(proposal, refusal)
            except DATABASE_ERRORS:
                raise
            except Exception:
                get_logger(__name__).exception("send_failed", effect=str(proposal.id))
                await self._not_sent(proposal, Refusal("internal", "this gateway failed on it"))
        except DATABASE_ERRORS as error:
            reason = str(error) or type(error).__name__
            get_logger(__name__).warning("send_waits", effect=str(proposal.id), error=reason)
        finally:
            del self.sending[proposal.id]

    async def _send(self, proposal: Proposal) -> None:
        """Send a proposal; hold it if it would change something else than was shown. Raises Refusal if not sent."""
        gateway, pool = self.gateway, self.gateway.effects.pool
        credential = gateway.vendor.credential(proposal.tenant)
        call = proposal_document.restored(gateway.table, proposal.route, proposal.call)
        caller = proposal_document.asker(
            proposal.call, tenant=proposal.tenant, task=proposal.task, attempt=proposal.attempt, tool=proposal.tool
        )
        caller = gateway.callers.narrowed(caller)
        entry = Entry(
            call.route.method, caller=caller, route=call.route.name, target=proposal.target, effect=proposal.id
        )
        await gateway.admission.take(call.route, caller, credential)
        async with gateway.upstream.session(credential) as session:
            call = await gateway.admission.within(call, caller, session, entry)
            facts = await proposal_document.facts_of(call, session.fetch)
        base = proposal_document.base(call, facts)
        if base != proposal.base:
            text = proposal_document.shown(call, facts)
            held = f"{proposal.target} changed after the proposal was shown: look at it again"
            await agent_effects.reopen(
                pool, proposal.id, shown=text, sha256=proposal_document.digest(text), base=base, held=held
            )
            return
        async with gateway.upstream.session(credential) as session:
            # The turn ends before another gateway may take the proposal: who is stopped in between sends nothing.
            sends = await agent_effects.claim(pool, proposal.id)
            if sends is not None:
                await self._claimed(Write(call, caller, session, entry, sends))

    async def _claimed(self, write: Write) -> None:
        """Let a claimed proposal go the rest of its way. Raises Refusal where it was not sent, and waits on."""
        gateway, status = self.gateway, 0
        try:
            answered = await gateway.effects.send(write)
            status = answered.reply.status
            gateway.admission.check_reply(write.call, write.caller, answered)
        except Refusal as refusal:
            write.entry.reason, status = refusal.reason, refusal.status
            if refusal.reason in UNSENT:
                raise
        finally:
            gateway.audit.write(write.entry, status=status, size=0)

    async def _not_sent(self, proposal: Proposal, refusal: Refusal) -> None:
        """End what is out of bounds, or has waited for a day; put off what the vendor or a limit stands against."""
        pool, log = self.gateway.effects.pool, get_logger(__name__)
        told = {"effect": str(proposal.id), "reason": refusal.reason, "error": refusal.message}
        limited = refusal.status == HTTPStatus.TOO_MANY_REQUESTS
        passing = limited or refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        detail = f"not sent{' within a day of its approval' if passing else ''}: {refusal.message}"
        waited = agent_effects.GIVE_UP_SECONDS if passing else 0.0
        if await agent_effects.abandon(pool, proposal.id, detail=detail, waited=waited):
            log.warning("given_up", **told)
        elif passing:
            delay, seconds = f"{refusal.reason}: {refusal.message}", refusal.retry_after if limited else None
            before = await agent_effects.defer(pool, proposal.id, delay=delay, seconds=seconds)
            if before is None or before.partition(":")[0] != refusal.reason:
                log.warning("not_sent", **told)

    async def _find(self, lost: Effect) -> None:
        gateway, pool = self.gateway, self.gateway.effects.pool
        try:
            call = await self._call(lost)
            credential = gateway.vendor.credential(lost.tenant)
        except Refusal:
            return

        async def fetch(path: str, asked: Json = None) -> Json:
            async with gateway.upstream.session(credential) as session:
                return await session.fetch(path, asked)

        outcome = await gateway.effects.find_out(call, lost.id, fetch, age=lost.age)
        if outcome is None:
            return
        if outcome.state == "failed" and await agent_effects.release(pool, lost.id, sends=lost.sends):
            return
        await settle(pool, lost.id, outcome)

    async def _call(self, lost: Effect) -> Call:
        """Return the call of a lost write. Without a proposal it has path and resources alone, which find a mark."""
        resources = lost.request.get("resources", {})  # a row of an earlier version has none
        method, _, _ = lost.route.partition(" ")
        path, _, _ = str(lost.request["path"]).partition("?")
        try:
            kept = await agent_effects.proposal(self.gateway.effects.pool, lost.id)
        except agent_effects.ProposalError:
            route, parameters = self.gateway.table.match(method, path.encode("ascii", "replace"))
            if route.probe is None or route.probe.mark is None:
                raise Refusal("unknown_route", "a state shows itself only to whoever knows what was asked") from None
            return Call(route, parameters, {}, resources=resources)
        call = proposal_document.restored(self.gateway.table, kept.route, kept.call)
        return replace(call, resources=resources)
