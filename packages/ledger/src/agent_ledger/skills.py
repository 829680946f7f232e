"""The skills that workers carry, and which version a task is given. Owns table `ledger.skills`."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent_contracts import Budget
from agent_stores.pool import Connection, Executor
from service_kit.untrusted_text import clean_line

from agent_ledger.errors import InvalidTask
from agent_ledger.row_decoding import read_budget, reading

UNSEEN_SECONDS = 600
"""After this long without a worker that carries it, a version counts as gone and its queued tasks move on."""
MAX_KEY_LENGTH = 256
SHOWN = 80
NO_BOUNDS = Budget()
PLACE = re.compile(r"\$\{input((?:\.[A-Za-z0-9_-]+)*)\}")


@dataclass(frozen=True)
class SkillRow:
    """What the ledger knows of a skill.

    Attributes:
        concurrency_key: a template such as `issue:${input.issue}`.
        input_schema: the JSON Schema that a task's input must fit; without one any input does.
    """

    name: str
    version: str
    engine: str
    model: str
    pool: str = "default"
    max_attempts: int = 3
    budget: Budget = NO_BOUNDS
    concurrency_key: str | None = None
    description: str = ""
    input_schema: dict[str, Any] | None = None


async def register_skills(connection: Executor, rows: Sequence[SkillRow]) -> None:
    """Make skills known, or known again; the version registered last is the one that new tasks are given."""
    await connection.execute(
        """
        insert into ledger.skills
            (name, version, engine, model, pool, max_attempts, budget, concurrency_key, description, input_schema)
        select name, version, engine, model, pool, max_attempts, budget::json, concurrency_key, description,
            input_schema::json
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[],
            $8::text[], $9::text[], $10::text[])
            as given
                (name, version, engine, model, pool, max_attempts, budget, concurrency_key, description, input_schema)
        order by name, version
        on conflict (name, version) do update set
            engine = excluded.engine, model = excluded.model, pool = excluded.pool,
            max_attempts = excluded.max_attempts, budget = excluded.budget,
            concurrency_key = excluded.concurrency_key, description = excluded.description,
            input_schema = excluded.input_schema,
            registered_at = clock_timestamp(), seen_at = clock_timestamp()
        """,
        [row.name for row in rows],
        [row.version for row in rows],
        [row.engine for row in rows],
        [row.model for row in rows],
        [row.pool for row in rows],
        [row.max_attempts for row in rows],
        [row.budget.model_dump_json() for row in rows],
        [row.concurrency_key for row in rows],
        [row.description for row in rows],
        [json.dumps(row.input_schema) if row.input_schema is not None else None for row in rows],
    )


async def resolve(connection: Executor, name: str, deadline: datetime | None) -> tuple[SkillRow, bool] | None:
    """Find the version of a skill that was registered last, and whether a deadline is still to come."""
    row = await connection.fetchrow(
        """
        select name, version, engine, model, pool, max_attempts, budget::text, concurrency_key, description,
            input_schema::text, $2::timestamptz is null or $2 > clock_timestamp() as due
        from ledger.skills where name = $1 order by registered_at desc limit 1
        """,
        name,
        deadline,
    )
    if row is None:
        return None
    fields = dict(row)
    due = fields.pop("due")
    return _row(fields), due


async def list_skills(connection: Executor) -> list[SkillRow]:
    """Return every skill in the version that new tasks are given, by name."""
    rows = await connection.fetch(
        """
        select distinct on (name) name, version, engine, model, pool, max_attempts, budget::text, concurrency_key,
            description, input_schema::text
        from ledger.skills order by name, registered_at desc
        """
    )
    return [_row(dict(row)) for row in rows]


def _row(fields: dict[str, Any]) -> SkillRow:
    schema = fields.pop("input_schema")
    with reading(f"skill {fields['name']} {fields['version']}"):
        budget = read_budget(fields.pop("budget"))
    return SkillRow(**fields, budget=budget, input_schema=json.loads(schema) if schema is not None else None)


async def touch_skills(connection: Connection, carried: Mapping[str, str]) -> None:
    """Note that a living worker carries these versions; written at most once a minute each."""
    await connection.execute(
        """
        update ledger.skills s set seen_at = clock_timestamp()
        from unnest($1::text[], $2::text[]) as given (name, version)
        where s.name = given.name and s.version = given.version and s.seen_at < clock_timestamp() - interval '1 minute'
        """,
        list(carried.keys()),
        list(carried.values()),
    )


async def adopt_tasks(connection: Connection, carried: Mapping[str, str]) -> int:
    """Move queued tasks of versions that no living worker carries to the carried version; give how many."""
    status: str = await connection.execute(
        """
        update ledger.tasks t set skill_version = given.version
        from unnest($1::text[], $2::text[]) as given (name, version)
        where t.id in (
            select q.id from unnest($1::text[], $2::text[]) as mine (name, version)
            join ledger.skills s on s.name = mine.name and s.version <> mine.version
                and s.seen_at < now() - make_interval(secs => $3)
            join ledger.tasks q on q.skill = s.name and q.skill_version = s.version and q.state = 'queued'
            limit 100 for update of q skip locked)
        and t.skill = given.name
        """,
        list(carried.keys()),
        list(carried.values()),
        float(UNSEEN_SECONDS),
    )
    return int(status.rpartition(" ")[2])


def concurrency_key(template: str, task_input: str | dict[str, Any]) -> str:
    """Fill a skill's template from a task's input; the key is compared without case.

    Raises:
        InvalidTask: the input lacks a value that the template names, or the key is too long.
    """

    def value(match: re.Match[str]) -> str:
        found: Any = task_input
        for part in match[1].split(".")[1:]:
            found = found.get(part) if isinstance(found, dict) else None
        place = f"input{match[1]}"
        if found is None or found == "":
            raise InvalidTask("input", f"{place} is missing: the skill needs it")
        if isinstance(found, bool) or not isinstance(found, str | int):
            shown = clean_line(json.dumps(found), SHOWN)
            raise InvalidTask("input", f"{place} is {shown}: give text or a whole number, as in 1 for 1.0")
        return str(found)

    key = PLACE.sub(value, template).casefold()
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidTask("input", f"the concurrency key that the input gives is longer than {MAX_KEY_LENGTH}")
    return key
