"""Takes tasks in: one row for one request, however often it is sent. Owns the insertion into `ledger.tasks`."""

import json
from dataclasses import dataclass
from uuid import UUID

from agent_contracts import Budget, Priority, Task, uuid7
from agent_contracts.event import Queued
from agent_contracts.task import holds_nul
from agent_stores.pool import Connection, Executor, transaction
from service_kit.access import Door
from service_kit.grants import Bound, narrow_resources
from service_kit.origins import origin_of
from service_kit.validation_errors import nearest

from agent_ledger.errors import InvalidTask, UnusableSchema
from agent_ledger.json_encoding import digest, storable
from agent_ledger.json_schema import value_error
from agent_ledger.skills import SkillRow, concurrency_key, list_skills, resolve

PRIORITIES = {Priority.high: 0, Priority.normal: 1, Priority.low: 2}
MAX_RACES = 5


@dataclass(frozen=True)
class Submitted:
    """The task that answers a request; `created` says whether its row is new."""

    id: UUID
    created: bool


async def submit(executor: Executor, task: Task, *, door: Door) -> Submitted:
    """Commit a task to the ledger, within the caller's transaction where a connection is given.

    The door sets the tenant, and the actor where it has one. The same id with the same request, or a `dedupe_key` that
    a task not yet final holds, gives that task and makes no second row. The door's bounds are kept with the row.

    Raises:
        InvalidTask: the skill is unknown or not this door's, the door does not offer the model, the pool or the
            reply's origin, the deadline is over, the input does not fit the skill's schema or lacks what the skill
            needs, (fault `quota`) the tenant has as many tasks queued as it may, or (fault `conflict`) the id belongs
            to another request; with fault `config`, the skill's schema cannot be used.
    """
    task = task.model_copy(
        update={"tenant": door.tenant, "id": task.id or uuid7(), "actor": door.actor or task.actor},
    )
    async with transaction(executor) as connection:
        for _ in range(MAX_RACES):
            if (existing := await _existing(connection, task)) is not None:
                return existing
            if (created := await _create(connection, task, door)) is not None:
                return created
    raise InvalidTask("conflict", f"dedupe_key {task.dedupe_key!r} changes hands too fast: send the task again")


async def _existing(connection: Connection, task: Task) -> Submitted | None:
    row = await connection.fetchrow("select tenant, digest from ledger.tasks where id = $1", task.id)
    if row is not None:
        if row["tenant"] != task.tenant or row["digest"] != digest(task):
            raise InvalidTask("conflict", f"task {task.id} exists and asks for something else: use a new id")
        assert task.id is not None
        return Submitted(task.id, created=False)
    if task.dedupe_key is None:
        return None
    held: UUID | None = await connection.fetchval(
        """
        select id from ledger.tasks
        where tenant = $1 and dedupe_key = $2 and state in ('queued', 'running', 'waiting')
        """,
        task.tenant,
        task.dedupe_key,
    )
    return Submitted(held, created=False) if held is not None else None


async def _create(connection: Connection, task: Task, door: Door) -> Submitted | None:
    """Insert a task's row and its first event, and wake workers of its pool; None if its id or key is taken."""
    if not door.opens(task.skill):
        near = nearest(task.skill, door.skills)
        raise InvalidTask(
            "door", f"skill {task.skill} is not open at {door.name or 'this door'}{near or ': see its skills'}"
        )
    await _check_queue(connection, door)
    found = await resolve(connection, task.skill, task.deadline)
    if found is None:
        near = nearest(task.skill, [row.name for row in await list_skills(connection) if door.opens(row.name)])
        told = near or ": no worker has registered it. A worker carries the skills of SKILLS_PATH"
        raise InvalidTask("skill", f"skill {task.skill} is unknown{told}")
    skill, due = found
    if not due:
        raise InvalidTask("deadline", f"deadline {task.deadline} is over")
    _check_choices(door, task, skill)
    _check_input(task, skill)
    body = storable(task)
    if body != task.model_dump_json() or holds_nul(body):
        raise InvalidTask("nul", "the task holds a NUL character or a broken surrogate, which cannot be stored")
    vendors = _narrowed(door, task)
    key = task.concurrency_key
    skill_key = concurrency_key(skill.concurrency_key, task.input) if skill.concurrency_key is not None else None
    if key is None:
        key, skill_key = skill_key, None
    for one in (key, skill_key):
        if one is not None:
            await _check_queue_of_key(connection, door, one)
    attempts = min(skill.max_attempts, task.retry.max_attempts) if task.retry else skill.max_attempts
    bounds: Budget = door.budget.within(task.budget)
    created: UUID | None = await connection.fetchval(
        """
        with created as (
            insert into ledger.tasks
                (id, tenant, digest, body, door, vendors, budget, skill, skill_version, engine, model, pool, priority,
                dedupe_key, concurrency_key, parent_id, max_attempts, not_before, deadline, skill_key)
            values ($1, $2, $3, $4::text::json, $5, $6::text::json, $7::text::json, $8, $9, $10, $11, $12, $13,
                $14, $15, $16, $17, coalesce($18, clock_timestamp()), $19, $21)
            on conflict do nothing returning id, tenant, pool, created_at
        ), first_event as (
            insert into ledger.events (task_id, attempt, seq, tenant, at, kind, body)
            select id, 0, 1, tenant, created_at, 'queued', $20::text::json from created
        )
        select id, pg_notify('ledger_queued', pool), pg_notify('ledger_events', id::text) from created
        """,
        task.id,
        task.tenant,
        digest(task),
        body,
        door.name,
        json.dumps({name: bound.model_dump(mode="json") for name, bound in vendors.items()}),
        bounds.model_dump_json(),
        task.skill,
        skill.version,
        task.engine or skill.engine,
        task.model or skill.model,
        task.pool or skill.pool,
        PRIORITIES[task.priority],
        task.dedupe_key,
        key,
        task.parent_id,
        attempts,
        task.not_before,
        task.deadline,
        Queued(skill=task.skill, door=door.name).model_dump_json(),
        skill_key,
    )
    return Submitted(created, created=True) if created is not None else None


async def _check_queue(connection: Connection, door: Door) -> None:
    most = door.quotas.queued
    queued: int = await connection.fetchval(
        "select count(*) from (select from ledger.tasks where tenant = $1 and state = 'queued' limit $2) queued",
        door.tenant,
        most,
    )
    if queued >= most:
        message = (
            f"tenant {door.tenant} has {queued} tasks queued, and may have {most}: send it again when some have begun"
        )
        raise InvalidTask("quota", f"{message}, or raise `quotas.queued` of the tenant in access.yaml")


async def _check_queue_of_key(connection: Connection, door: Door, key: str) -> None:
    """Bound the tasks that wait for one key, as a claim passes them over one by one while the key is held."""
    most = door.quotas.queued_per_key
    queued: int = await connection.fetchval(
        """
        select count(*) from (
            select from ledger.tasks where tenant = $1 and state = 'queued' and (concurrency_key = $2 or skill_key = $2)
            limit $3) queued
        """,
        door.tenant,
        key,
        most,
    )
    if queued >= most:
        message = f"{queued} tasks with the concurrency key {key} are queued, and {most} may be: send it again later"
        raise InvalidTask("quota", f"{message}, or raise `quotas.queued_per_key` of the tenant in access.yaml")


def _check_choices(door: Door, task: Task, skill: SkillRow) -> None:
    """Check what a task chose for itself: engine, model, pool, and where its result is posted."""
    place = door.name or "this door"
    if task.engine not in (None, skill.engine):
        message = f"engine: skill {skill.name} runs on {skill.engine}, not on {task.engine}"
        raise InvalidTask("door", f"{message}: leave it out, the skill decides")
    if task.model is not None and task.model != skill.model and not door.offers(task.model):
        message = f"model: {place} does not offer {task.model}: leave it out for the skill's own ({skill.model})"
        raise InvalidTask("door", f"{message}, or add it to `models` of the door in access.yaml")
    if task.pool is not None and task.pool != skill.pool and not door.reaches(task.pool):
        message = f"pool: {place} does not reach {task.pool}: leave it out for the skill's own ({skill.pool})"
        raise InvalidTask("door", f"{message}, or add it to `pools` of the door in access.yaml")
    if task.reply_to is None or task.reply_to.url is None:
        return
    origin = origin_of(task.reply_to.url)
    if origin is None:
        raise InvalidTask("field", "reply_to.url: this is no plain http(s) URL: write https://host/path")
    if origin not in door.reply_origins:
        message = f"reply_to.url: {place} does not send results to {origin}"
        raise InvalidTask("field", f"{message}: add it to `reply_origins` of the door in access.yaml")


def _check_input(task: Task, skill: SkillRow) -> None:
    """Check a task's input against the schema of the version that it would run."""
    try:
        wrong = value_error(skill.input_schema, task.input) if skill.input_schema is not None else None
    except UnusableSchema as error:
        raise InvalidTask(
            "config",
            f"the input schema of skill {skill.name} cannot be used: {error}: its author mends it, "
            "`agent-engine skills check` says all",
        ) from None
    if wrong is not None:
        raise InvalidTask(
            "input", f"the input does not fit skill {skill.name}: {wrong} (its input schema says what it takes)"
        )


def _narrowed(door: Door, task: Task) -> dict[str, Bound]:
    """Give the door's bounds, narrowed by the task's own resources.

    Raises:
        InvalidTask: the task names a vendor, or only resources, that the door does not open.
    """
    vendors = dict(door.vendors)
    for vendor, wanted in (task.resources or {}).items():
        if vendor not in vendors:
            raise InvalidTask("door", f"resources.{vendor}: {door.name or 'this door'} does not open {vendor}")
        both = narrow_resources(vendors[vendor].resources, wanted, vendor)
        if wanted and not both:
            named = ", ".join(one for several in wanted.values() for one in several)[:200]
            raise InvalidTask(
                "door",
                f"resources.{vendor}: nothing of {named} is open at {door.name or 'this door'}: "
                "name what it opens, or have the operator open it in access.yaml",
            )
        vendors[vendor] = vendors[vendor].model_copy(update={"resources": both})
    return vendors
