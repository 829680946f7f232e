"""Budgets: whether a run may ask the model, and what it has spent (rows of agent_effects)."""

import asyncio
from collections import defaultdict
from decimal import Decimal

import asyncpg
from agent_effects import may_spend, record_spend
from service_kit.log import get_logger
from service_kit.tokens import ModelClaims

from model_api.errors import ModelRefusal
from model_api.usage import Tokens

SETTLE_TRIES = 3
SETTLE_WAIT_SECONDS = 0.5
DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class Spending:
    """Admits requests and records what they cost; a request waits for what its task's last one still records."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._log = get_logger("spending")
        self._settling: dict[object, set[asyncio.Task[None]]] = defaultdict(set)

    async def admit(self, claims: ModelClaims) -> None:
        """Check that the run is live and its task's budget not used up.

        Raises:
            ModelRefusal: `stale_attempt`, `budget_usd`, `budget_tokens`, or `spending_unavailable`.
        """
        if pending := self._settling.get(claims.task):
            await asyncio.wait(pending)
        try:
            verdict = await may_spend(self._pool, claims.task, claims.attempt, claims.budget)
        except DATABASE_ERRORS as error:
            self._log.error("may_spend failed", error=str(error) or type(error).__name__)
            message = "the budget cannot be checked now, so nothing was sent: try again when /ready says it can"
            raise ModelRefusal("spending_unavailable", message) from error
        match verdict:
            case "not_live":
                message = f"attempt {claims.attempt} of task {claims.task} does not run any more: stop"
                raise ModelRefusal("stale_attempt", message)
            case "budget_usd":
                message = f"task {claims.task} has used up its budget of {claims.budget.usd} US dollars (budget.usd)"
                raise ModelRefusal("budget_usd", message)
            case "budget_tokens":
                message = f"task {claims.task} has used up its budget of {claims.budget.tokens} tokens (budget.tokens)"
                raise ModelRefusal("budget_tokens", message)
            case "ok":
                return

    def settle(
        self, claims: ModelClaims, *, model: str, request_id: str, tokens: Tokens, usd: Decimal
    ) -> asyncio.Task[None]:
        """Begin to record what a request cost; goes on when the caller is gone."""
        task = asyncio.create_task(self._record(claims, model, request_id, tokens, usd))
        self._settling[claims.task].add(task)
        task.add_done_callback(lambda done: self._settled(claims.task, done))
        return task

    async def drain(self) -> None:
        """Wait until all that was spent is recorded."""
        while pending := [task for tasks in self._settling.values() for task in tasks]:
            await asyncio.wait(pending)

    def _settled(self, key: object, task: asyncio.Task[None]) -> None:
        self._settling[key].discard(task)
        if not self._settling[key]:
            del self._settling[key]

    async def _record(self, claims: ModelClaims, model: str, request_id: str, tokens: Tokens, usd: Decimal) -> None:
        for left in reversed(range(SETTLE_TRIES)):
            try:
                await record_spend(
                    self._pool,
                    task=claims.task,
                    attempt=claims.attempt,
                    tenant=claims.tenant,
                    model=model,
                    request_id=request_id,
                    input_tokens=tokens.input,
                    output_tokens=tokens.output,
                    cache_read_tokens=tokens.cache_read,
                    cache_write_tokens=tokens.cache_write,
                    usd=usd,
                )
            except DATABASE_ERRORS as error:
                self._log.error("record_spend failed", error=str(error) or type(error).__name__, tries_left=left)
                if left:
                    await asyncio.sleep(SETTLE_WAIT_SECONDS)
            else:
                return
