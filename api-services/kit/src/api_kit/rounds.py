"""A gateway's own rounds: approved proposals are sent, and lost replies are found out, whoever asks for them or not."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import time

import agent_effects
from agent_effects import Effect, Proposal
from agent_stores.pool import DATABASE_ERRORS
from service_kit.http import Reply
from service_kit.log import get_logger

from api_kit import proposing
from api_kit.audit import Entry
from api_kit.errors import Refusal
from api_kit.gateway import Gateway
from api_kit.routes import Call
from api_kit.upstream import Credential

SEND_SECONDS = 1.0
FIND_SECONDS = 5.0


@dataclass(frozen=True)
class Rounds:
    """Does for a gateway what nobody waits for."""

    gateway: Gateway

    async def run(self) -> None:
        """Go round until cancelled; what fails is logged, and tried again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(_repeat(SEND_SECONDS, self.send_approved))
            group.create_task(_repeat(FIND_SECONDS, self.find_lost))

    async def send_approved(self) -> None:
        """Send what was approved, oldest first; hold what would change something else than was shown."""
        for proposal in await agent_effects.approved(self.gateway.writer.effects.pool, self.gateway.writer.vendor.name):
            try:
                await self._send(proposal)
            except Refusal as refusal:
                get_logger(__name__).warning("not_sent", effect=str(proposal.id), reason=refusal.reason)

    async def find_lost(self) -> None:
        """Find out what became of writes whose reply was lost."""
        pool, vendor = self.gateway.writer.effects.pool, self.gateway.writer.vendor.name
        for lost in await agent_effects.take_open(pool, vendor, older_than=self.gateway.writer.patience):
            await self._find(lost)

    async def _send(self, proposal: Proposal) -> None:
        pool, credential = self.gateway.writer.effects.pool, self.gateway.vendor.credential(proposal.tenant)
        fetch = self.gateway.upstream.fetch(credential)
        try:
            call = proposing.restored(self.gateway.table, proposal.route, proposal.call)
            caller = proposing.asker(
                proposal.call, tenant=proposal.tenant, task=proposal.task, attempt=proposal.attempt, tool=proposal.tool
            )
            proposing.within(call, self.gateway.callers.narrowed(caller))
        except Refusal as refusal:
            await agent_effects.give_up(pool, proposal.id, detail=f"not sent: {refusal.message}")
            return
        facts = await proposing.facts_of(call, fetch)
        base = proposing.base(call, facts)
        if base != proposal.base:
            text = proposing.shown(call, facts)
            held = f"{proposal.target} changed after the proposal was shown: look at it again"
            await agent_effects.hold(pool, proposal.id, shown=text, sha256=proposing.digest(text), base=base, held=held)
            return
        await self.gateway.take(call.route, caller, credential)
        if not await agent_effects.take(pool, proposal.id):
            return
        entry = Entry(
            call.route.method, caller=caller, route=call.route.name, target=proposal.target, effect=proposal.id
        )
        status = 0
        try:
            reply = await self.gateway.writer.send(
                call, proposal.id, entry, send=self._sender(credential, entry), fetch=fetch
            )
            status = reply.status
        except Refusal as refusal:
            entry.reason, status = refusal.reason, refusal.status
        finally:
            self.gateway.audit.write(entry, status=status, size=0)

    async def _find(self, lost: Effect) -> None:
        pool = self.gateway.writer.effects.pool
        try:
            call = await self._call(lost)
            fetch = self.gateway.upstream.fetch(self.gateway.vendor.credential(lost.tenant))
        except Refusal:
            return
        outcome = await self.gateway.writer.found(call, lost.id, fetch, age=lost.age)
        if outcome is None:
            return
        if outcome.state == "failed" and await agent_effects.give_back(pool, lost.id, sends=lost.sends):
            return
        await self.gateway.writer.effects.settle(lost.id, outcome)

    async def _call(self, lost: Effect) -> Call:
        """Make the call again; without a proposal only its path is kept, which is enough to find what is marked."""
        method, _, _ = lost.route.partition(" ")
        path, _, _ = str(lost.request["path"]).partition("?")
        try:
            kept = await agent_effects.proposal(self.gateway.writer.effects.pool, lost.id)
        except agent_effects.ProposalError:
            route, parameters = self.gateway.table.match(method, path.encode("ascii", "replace"))
            if route.probe is None or route.probe.mark is None:
                raise Refusal("unknown_route", "a state shows itself only to whoever knows what was asked") from None
            return Call(route, parameters, {})
        return proposing.restored(self.gateway.table, kept.route, kept.call)

    def _sender(self, credential: Credential, entry: Entry) -> Callable[[Call], Awaitable[Reply]]:
        async def send(call: Call) -> Reply:
            async with self.gateway.upstream.turn(credential) as turn:
                return await self.gateway.send(call, turn, entry)

        return send


async def _repeat(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    lost_at = 0.0
    while True:
        try:
            await work()
        except DATABASE_ERRORS as error:
            if time() - lost_at > 60:
                get_logger(__name__).warning("rounds_wait", error=str(error) or type(error).__name__)
                lost_at = time()
        except Exception:
            get_logger(__name__).exception("rounds_failed")
        await asyncio.sleep(seconds)
