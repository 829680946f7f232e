"""Decides proposals without people, every second: those that a bad verdict or time has ended, and those of the policy.

Any number of controls may do it at once: one of them at a time holds the policy's lock, so that counts per hour hold.
"""

import asyncpg
from agent_effects import Proposal, ProposalError, approved_by, awaiting_policy, clear_undecided, decide
from agent_stores.pool import Executor
from prometheus_client import CollectorRegistry, Counter
from service_kit.log import get_logger

from control_api.optional_file import OptionalFile
from control_api.proposals.policy import Policy, Rule

ROUND_SECONDS = 1.0
PAGE = 500


class PolicyWorker:
    """Decides what needs no person, a round at a time."""

    def __init__(self, pool: asyncpg.Pool, file: OptionalFile[Policy], registry: CollectorRegistry) -> None:
        self._pool = pool
        self._file = file
        self._decisions = Counter(
            "control_policy_decisions", "Proposals decided by the policy", ["decision"], registry=registry
        )

    async def round(self) -> None:
        """End what is over, and decide what the policy names."""
        ended = await clear_undecided(self._pool)
        if ended:
            get_logger(__name__).info("proposals_ended", count=ended)
        policy = self._file.current()
        if not policy.rules:
            return
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval("select pg_try_advisory_xact_lock(hashtextextended('control.policy', 0))"):
                await self._apply(connection, policy)

    async def _apply(self, connection: Executor, policy: Policy) -> None:
        last: Proposal | None = None
        while page := await awaiting_policy(connection, after=last, most=PAGE):
            for proposal in page:
                rule = policy.rule(proposal)
                if rule is None:
                    continue
                most = rule.per_hour
                if most is None or await approved_by(connection, rule.by, tenant=proposal.tenant) < most:
                    await self._decide(connection, rule, proposal)
            last = page[-1]

    async def _decide(self, connection: Executor, rule: Rule, proposal: Proposal) -> None:
        try:
            await decide(
                connection,
                proposal.id,
                approve=rule.decide == "approve",
                by=rule.by,
                reason=rule.reason,
                sha256=proposal.sha256,
            )
        except ProposalError as error:
            get_logger(__name__).info("not_decided", effect=str(proposal.id), reason=error.reason)
            return
        self._decisions.labels(rule.decide).inc()
        get_logger(__name__).info("decided", effect=str(proposal.id), rule=rule.name, decision=rule.decide)
