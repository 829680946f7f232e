"""What another version stored, or somebody changed, is an error that says whose row it is."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import pytest
from agent_ledger import cancel, events, get_result, list_skills, retry
from agent_ledger.errors import UnreadableRow
from unit.ledger.house import DOOR, given

ADDED = 'set {column} = ({column}::jsonb || \'{{"colour": "red"}}\')::json'
Read = Callable[[asyncpg.Pool, UUID], Awaitable[object]]


def again(pool: asyncpg.Pool, name: UUID) -> Awaitable[object]:
    """Ask for the task again."""
    return retry(pool, name, door=DOOR)


@pytest.mark.parametrize(
    ("table", "change", "read"),
    [
        ("tasks", ADDED.format(column="body"), again),
        ("tasks", ADDED.format(column="budget"), again),
        ("tasks", "set vendors = '[]'", again),
        ("tasks", "set vendors = '{\"github\": 7}'", again),
        ("results", ADDED.format(column="body"), get_result),
        ("results", "set body = '[]'", get_result),
        ("events", 'set body = \'{"kind": "later"}\'', events),
    ],
)
async def test_a_row_that_cannot_be_read_names_its_task(
    pool: asyncpg.Pool, table: str, change: str, read: Read
) -> None:
    """Whatever in a task's rows is of no form that this version knows: the error names the task and the remedy."""
    name = await given(pool)
    await cancel(pool, name, tenant=None, by="test")
    await read(pool, name)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")  # a final row is held by a trigger
        await connection.execute(f"update ledger.{table} {change}")
    with pytest.raises(UnreadableRow, match=f"{name} cannot be read: .*use the version that stored it"):
        await read(pool, name)


async def test_a_skill_that_cannot_be_read_is_named(pool: asyncpg.Pool) -> None:
    """A version of a skill whose budget another version stored is named."""
    await given(pool)
    await pool.execute(f"update ledger.skills {ADDED.format(column='budget')}")
    with pytest.raises(UnreadableRow, match="skill triage v1 cannot be read: colour"):
        await list_skills(pool)
