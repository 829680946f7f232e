"""One tenant's tasks in the ledger: 60 urgent ones before another's, and two on one issue."""

from uuid import uuid4

import agent_ledger
from agent_contracts import Task
from agent_ledger import ClaimedTask, SkillRow
from attack.gates import LEASE_SECONDS, REPOSITORY, SKILL, Doors
from attack.ground import MODEL, RIVAL
from service_kit.access import Door

DEFAULT_DOOR = Door(name="cli", skills=["*"])
RIVALS_DOOR = Door(name="rival", tenant=RIVAL, skills=["*"])


async def turns_at_claims(doors: Doors) -> list[str]:
    """Of the first claims behind 60 tasks of one tenant, one is the other tenant's only task."""
    pool = f"fairness-{uuid4().hex[:8]}"
    await register(doors, SkillRow(name=SKILL, version="1", engine="claude", model=MODEL, pool=pool, max_attempts=20))
    task = Task(skill=SKILL, input={"repository": REPOSITORY}, pool=pool, priority="high")
    for _ in range(60):
        await agent_ledger.submit(doors.pool, task, door=DEFAULT_DOOR)
    await agent_ledger.submit(doors.pool, task, door=RIVALS_DOOR)
    claimed = [await _tenant_of_claim(doors, pool) for _ in range(4)]
    return [] if RIVAL in claimed else [f"the first four claims are of {claimed}"]


async def two_keys(doors: Doors) -> list[str]:
    """A task's own concurrency key does not let two runs overlap on what the skill's key names."""
    pool = f"fairness-{uuid4().hex[:8]}"
    name = f"keyed-{uuid4().hex[:8]}"
    key = "issue:${input.issue}"
    row = SkillRow(name=name, version="1", engine="claude", model=MODEL, pool=pool, concurrency_key=key)
    await register(doors, row)
    for own in ("a", "b"):
        task = Task(skill=name, input={"issue": 1}, concurrency_key=own)
        await agent_ledger.submit(doors.pool, task, door=DEFAULT_DOOR)
    claimed = [await _tenant_of_claim(doors, pool, name) for _ in range(2)]
    return [] if claimed == ["default", None] else [f"two runs on one issue were claimed: {claimed}"]


async def register(doors: Doors, row: SkillRow) -> None:
    """Register a skill."""
    await agent_ledger.register_skills(doors.pool, [row])


async def claim(doors: Doors, pool: str, skill: str = SKILL) -> ClaimedTask | None:
    """Claim a task of a pool; None if there is none to claim."""
    return await agent_ledger.claim(
        doors.pool,
        worker="fairness",
        lease_seconds=LEASE_SECONDS,
        pools=[pool],
        engines=["claude"],
        skills={skill: "1"},
    )


async def _tenant_of_claim(doors: Doors, pool: str, skill: str = SKILL) -> str | None:
    claimed = await claim(doors, pool, skill)
    return None if claimed is None else claimed.task.tenant
