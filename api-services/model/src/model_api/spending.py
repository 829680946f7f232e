"""Budgets at work: what a request may cost is reserved before it is sent, and settled after it (agent_effects)."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TypeVar
from uuid import UUID, uuid4

import agent_effects
import asyncpg
from agent_effects import Asked, Reserved, model_api_instances
from agent_effects.spending import AMPLE_OUTPUT
from agent_stores.pool import DATABASE_ERRORS
from service_kit.access import AccessFile
from service_kit.log import get_logger
from service_kit.tokens import ModelClaims

from model_api.budgets import limits_of, refusal
from model_api.dialect import CheckedRequest
from model_api.errors import ModelRefusal
from model_api.prices import Prices
from model_api.tokens import Tokens

SETTLE_SECONDS = 60.0
"""How long a settlement is tried again while the database is away."""
SETTLE_AT_END_SECONDS = 1.0
"""The same when this instance stops: what stays reserved then, the others estimate."""
SETTLE_PAUSE_SECONDS = 0.5
LONGEST_SETTLE_PAUSE_SECONDS = 2.0
HELD_WAIT_SECONDS = 10.0
"""How long a request waits for others that are under way to give back what they do not need."""
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 0.25

Count = Callable[[], Awaitable[int | None]]
T = TypeVar("T")


@dataclass(frozen=True)
class Reservation:
    """What is reserved for one request.

    Attributes:
        id: tells the request from the task's others.
        tokens: as many as it may come to.
        usd: what they may cost.
    """

    task: UUID
    id: str
    tokens: Tokens
    usd: Decimal


class Spending:
    """Reserves and settles; a request waits for what its task's last one still settles.

    Without an access file tenants and skills have no budgets.
    """

    def __init__(
        self, pool: asyncpg.Pool, prices: Prices, access: AccessFile | None, *, output_per_second: int
    ) -> None:
        self._pool = pool
        self._prices = prices
        self._access = access
        self._output_per_second = output_per_second
        self._settle_seconds = SETTLE_SECONDS
        self._instance = uuid4()
        self._log = get_logger("spending")
        self._settling: dict[UUID, set[asyncio.Task[None]]] = defaultdict(set)
        self._checkpoints: dict[str, asyncio.Task[None]] = {}

    async def check_live(self, claims: ModelClaims) -> None:
        """Check that the run is live, for what costs nothing.

        Raises:
            ModelRefusal: `stale_attempt`, or `spending_unavailable`.
        """
        if not await self._answered(agent_effects.is_live(self._pool, claims.task, claims.attempt)):
            raise _stale(claims)

    async def reserve(self, claims: ModelClaims, request: CheckedRequest, request_id: str, count: Count) -> Reservation:
        """Reserve what a request may cost: all the output that it asks for, or what the budgets leave of it.

        Where little is left the vendor is asked for its count of the input, since the bound is far above it.

        Raises:
            ModelRefusal: `stale_attempt`, a budget's reason, `budget_held`, or `spending_unavailable`.
        """
        limits = limits_of(claims, self._access.current() if self._access is not None else None)
        asked = self._asked(request, request.input_bound, fewest=max(AMPLE_OUTPUT, request.fewest_output))
        until = asyncio.get_running_loop().time() + HELD_WAIT_SECONDS
        pause, counted = FIRST_PAUSE_SECONDS, False
        while True:
            if pending := self._settling.get(claims.task):
                await asyncio.wait(pending, timeout=LONGEST_SETTLE_PAUSE_SECONDS)
            outcome: Reserved = await self._answered(
                agent_effects.reserve(
                    self._pool,
                    task=claims.task,
                    attempt=claims.attempt,
                    tenant=claims.tenant,
                    skill=claims.skill,
                    model=request.model,
                    request_id=request_id,
                    asked=asked,
                    limits=limits,
                    instance=self._instance,
                )
            )
            if outcome.verdict == "ok":
                tokens = Tokens(input=asked.input_tokens, output=outcome.output_tokens)
                return Reservation(claims.task, request_id, tokens, outcome.usd)
            if outcome.verdict == "not_live":
                raise _stale(claims)
            if not counted and outcome.left + outcome.underway > 0:
                counted = True
                true = await count()
                bound = request.input_bound if true is None else min(request.input_bound, _with_margin(true))
                asked = self._asked(request, bound, fewest=request.fewest_output)
            elif not outcome.held or asyncio.get_running_loop().time() >= until:
                raise refusal(claims, limits, outcome)
            else:
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)

    def settle(self, reserved: Reservation, tokens: Tokens, usd: Decimal) -> None:
        """Begin to put what a request cost in the place of what was reserved; goes on when the caller is gone."""
        self._begin(reserved, partial(self._settle, reserved, tokens, usd, estimated=False))

    def estimate(self, reserved: Reservation, estimate: tuple[Tokens, Decimal] | None) -> None:
        """Begin to settle a request whose usage nobody knows: at an estimate, or what the database makes of it."""
        if estimate is None:
            self._begin(reserved, partial(agent_effects.estimate_spend, self._pool, reserved.task, reserved.id))
        else:
            self._begin(reserved, partial(self._settle, reserved, *estimate, estimated=True))

    def checkpoint(self, reserved: Reservation, tokens: Tokens, usd: Decimal) -> None:
        """Begin to keep what a request comes to so far, unless that is under way still."""
        if reserved.id not in self._checkpoints:
            self._checkpoints[reserved.id] = task = asyncio.create_task(self._checkpoint(reserved, tokens, usd))
            task.add_done_callback(lambda _: self._checkpoints.pop(reserved.id, None))

    def release(self, reserved: Reservation) -> None:
        """Begin to give back what was reserved for a request that cost nothing."""
        self._begin(reserved, lambda: agent_effects.release_spend(self._pool, reserved.task, reserved.id))

    async def drain(self) -> None:
        """Wait until all that was spent is recorded, and withdraw this instance."""
        self._settle_seconds = SETTLE_AT_END_SECONDS
        while pending := [task for tasks in self._settling.values() for task in tasks] + [*self._checkpoints.values()]:
            await asyncio.wait(pending)
        with contextlib.suppress(*DATABASE_ERRORS):
            await model_api_instances.withdraw(self._pool, self._instance)

    async def look_after_instances(self) -> None:
        """Say that this instance is alive, and settle for those that are not."""
        if await model_api_instances.beat(self._pool, self._instance) and (
            settled := await model_api_instances.settle_for_the_dead(self._pool)
        ):
            self._log.warning("settled_for_the_dead", requests=settled)

    def _asked(self, request: CheckedRequest, input_tokens: int, *, fewest: int) -> Asked:
        wanted = request.max_output
        alone = self._prices.worst(request.model, input_tokens=input_tokens, output_tokens=0)
        whole = self._prices.worst(request.model, input_tokens=input_tokens, output_tokens=wanted)
        return Asked(
            input_tokens=input_tokens,
            input_bound=request.input_bound,
            input_usd=alone,
            output_tokens=wanted,
            fewest_output=fewest,
            output_usd=(whole - alone) / wanted if wanted else Decimal(0),
            output_per_second=self._output_per_second if request.stream else None,
        )

    async def _settle(self, reserved: Reservation, tokens: Tokens, usd: Decimal, *, estimated: bool) -> bool:
        return await agent_effects.settle_spend(
            self._pool, reserved.task, reserved.id, usd=usd, **_columns(tokens), estimated=estimated
        )

    async def _checkpoint(self, reserved: Reservation, tokens: Tokens, usd: Decimal) -> None:
        try:
            await agent_effects.checkpoint_spend(self._pool, reserved.task, reserved.id, usd=usd, **_columns(tokens))
        except DATABASE_ERRORS as error:
            self._log.error("no_checkpoint", request=reserved.id, error=str(error) or type(error).__name__)

    async def _answered(self, question: Awaitable[T]) -> T:
        try:
            return await question
        except DATABASE_ERRORS as error:
            self._log.error("budget_not_checked", error=str(error) or type(error).__name__)
            message = "the budget cannot be checked now, so nothing was sent: try again when /ready says it can"
            raise ModelRefusal("spending_unavailable", message) from error

    def _begin(self, reserved: Reservation, step: Callable[[], Awaitable[bool]]) -> None:
        task = asyncio.create_task(self._persist(reserved, step))
        self._settling[reserved.task].add(task)
        task.add_done_callback(lambda done: self._settled(reserved.task, done))

    def _settled(self, key: UUID, task: asyncio.Task[None]) -> None:
        self._settling[key].discard(task)
        if not self._settling[key]:
            del self._settling[key]

    async def _persist(self, reserved: Reservation, step: Callable[[], Awaitable[bool]]) -> None:
        """Try until it is done; where the database is away too long the row stays reserved, which counts."""
        began = asyncio.get_running_loop().time()
        pause = SETTLE_PAUSE_SECONDS
        while True:
            try:
                await step()
                return
            except DATABASE_ERRORS as error:
                again = asyncio.get_running_loop().time() - began < self._settle_seconds
                said = str(error) or type(error).__name__
                self._log.error("not_settled", request=reserved.id, error=said, again=again)
            if not again:
                return
            await asyncio.sleep(pause)
            pause = min(LONGEST_SETTLE_PAUSE_SECONDS, pause * 2)


def _columns(tokens: Tokens) -> dict[str, int]:
    return {
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "cache_read_tokens": tokens.cache_read,
        "cache_write_tokens": tokens.cache_write,
    }


def _stale(claims: ModelClaims) -> ModelRefusal:
    message = f"attempt {claims.attempt} of task {claims.task} does not run any more: stop"
    return ModelRefusal("stale_attempt", message)


def _with_margin(counted: int) -> int:
    """Return a bound from the vendor's own count, which it calls an estimate."""
    return counted + counted // 50 + 100
