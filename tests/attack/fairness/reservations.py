"""What a run's model requests reserve, when the run goes away or its model-api is killed."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from uuid import UUID, uuid4

import agent_ledger
from agent_contracts import Task
from agent_effects import Spend, spent
from agent_ledger import SkillRow
from attack.fairness.tasks import RIVALS_DOOR, claim, register
from attack.gates import Doors, answered
from attack.ground import MODEL, RIVAL
from attack.request import Expected, Request, Token
from fixtures.ports import free_ports

SCENARIO = "written-slowly"
OWN = "default"
"""The tenant of the run."""
BROKEN = 3
"""So many requests are cut, and so many are under way when their model-api is killed."""
BREAK_SECONDS = 3.0
RESERVED = 32_000
"""So many tokens of output does each reserve, of which the vendor writes a few hundred."""
MOST_TIMES, MOST_UNSEEN = 8, 800
"""Of a stream that broke off each byte that came is charged as a token, of which the vendor counts a quarter, and for
what came unseen as much again, or two seconds at MODEL_OUTPUT_PER_SECOND where that is more."""
START_SECONDS = 60.0
SETTLE_SECONDS = 90.0


async def reservations_that_stay(doors: Doors) -> list[str]:
    """What broken requests reserved is settled within a bound, and another tenant's budget stays as it was."""
    steps = [{"text": "A line of text. " * 300, "pause": 0.05}]
    await doors.ground.house.scenario(SCENARIO, {"steps": steps})
    rival = await _rivals_token(doors)
    task, before = doors.mint.task, await spent(doors.pool, doors.mint.task)
    rivals, own = [await _spent_by_tenant(doors, RIVAL)], await _spent_by_tenant(doors, OWN)
    mine = Token(kind="model", claims={"budget": {"usd": "10"}})
    slow = _asked(SCENARIO, mine).model_copy(update={"expect": Expected(within=BREAK_SECONDS)})
    await asyncio.gather(*(answered(doors, slow) for _ in range(BROKEN)))
    async with _doomed_model_api(doors) as (process, port):
        asked = [asyncio.create_task(answered(doors, slow, port=port)) for _ in range(BROKEN)]
        await asyncio.sleep(BREAK_SECONDS / 2)
        rivals.append(await _spent_by_tenant(doors, RIVAL))
        if await _spent_by_tenant(doors, OWN) <= own:
            raise AssertionError("the requests count against no day of their tenant")
        process.kill()
        await asyncio.gather(*asked)
    after, counted = await _settled(doors, task), await _counted(doors)
    if not after.requests - before.requests == len(counted) == 2 * BROKEN:
        raise AssertionError(f"{after.requests - before.requests} were metered, and the vendor counted {len(counted)}")
    rivals.append(await _spent_by_tenant(doors, RIVAL))
    output, written = after.usage.output_tokens - before.usage.output_tokens, sum(counted)
    got = [f"{after.open} reservations stay open"] if after.open else []
    if not written <= output <= MOST_TIMES * written + 2 * BROKEN * MOST_UNSEEN:
        got.append(f"{output} tokens of output are charged, and the vendor counted {written}")
    if len(set(rivals)) > 1:
        got.append(f"another tenant's day has spent {rivals} USD before, meanwhile and afterwards")
    narrow = Token(kind="model", claims={"budget": {"usd": str(after.usd + Decimal("0.10"))}})
    for name, token in (("the task", narrow), ("another tenant", rival)):
        reply = await answered(doors, _asked("text", token))
        if reply.status != 200:
            got.append(f"{name} is answered {reply.status} afterwards: {reply.text[-300:]!r}")
    return got


async def _rivals_token(doors: Doors) -> Token:
    """Start a task of the other tenant, and give a model token of it whose budget is enough for one request."""
    pool = f"fairness-{uuid4().hex[:8]}"
    await register(doors, SkillRow(name=pool, version="1", engine="claude", model=MODEL, pool=pool))
    await agent_ledger.submit(doors.pool, Task(skill=pool, input="x"), door=RIVALS_DOOR)
    claimed = await claim(doors, pool, pool)
    assert claimed is not None
    claims = {"tenant": RIVAL, "sub": str(claimed.id), "attempt": claimed.attempt, "budget": {"usd": "0.10"}}
    return Token(kind="model", claims=claims)


def _asked(scenario: str, token: Token) -> Request:
    message = {"role": "user", "content": f"SCENARIO:{scenario}"}
    document = {"model": MODEL, "max_tokens": RESERVED, "stream": True, "messages": [message]}
    return Request(to="model-api", method="POST", path="/v1/messages", document=document, token=token)


@asynccontextmanager
async def _doomed_model_api(doors: Doors) -> AsyncIterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a second model-api of the house on a port of its own, which may be killed."""
    house = doors.ground.house.house
    (port,) = free_ports(1)
    (own,) = (process for process in house.processes() if process.name == "model-api")
    argv = [str(port) if part == str(house.paths.ports["model-api"]) else part for part in own.argv]
    log = (house.paths.home / "log" / "model-api-doomed.log").open("ab")
    with log, subprocess.Popen(argv, env=own.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process:
        try:
            await _listening(port)
            yield process, port
        finally:
            process.kill()


async def _listening(port: int) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def _settled(doors: Doors, task: UUID) -> Spend:
    """Wait until a task has no open request, but not for ever; give what it has spent."""
    until = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while True:
        spend = await spent(doors.pool, task)
        if not spend.open or asyncio.get_running_loop().time() > until:
            return spend
        await asyncio.sleep(0.5)


async def _spent_by_tenant(doors: Doors, tenant: str) -> Decimal:
    """Give what counts against a tenant's daily budgets, reservations included."""
    spend: Decimal = await doors.pool.fetchval(
        "select coalesce(sum(usd), 0) from gateway.totals where scope = 'tenant' and tenant = $1", tenant
    )
    return spend


async def _counted(doors: Doors) -> list[int]:
    """Give the tokens of output that the vendor counted of each broken request."""
    asked = (await doors.ground.house.model("GET", "/_stand-in/requests")).json()
    return [one["usage"]["output_tokens"] for one in asked if one.get("scenario") == SCENARIO]
