"""What another version stored, or somebody changed, is an error that says whose row it is."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import pytest
from agent_contracts import Budget
from agent_ledger import cancel, events, finish, get_result, get_task, list_skills, retry
from agent_ledger.errors import UnreadableRow
from core.ledger.house import DOOR, done, given, taken

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


async def test_a_bound_that_came_later_narrows_what_was_stored(pool: asyncpg.Pool) -> None:
    """A budget and a time over today's bounds are read as these, wherever a task is read, and can be asked again."""
    name = await given(pool)
    over = """
        update ledger.tasks set budget = '{"usd": "1e9", "tokens": 1000000000000000}', body = (body::jsonb || '{
            "budget": {"turns": 99999, "tool_calls": 5}, "deadline": "9999-12-31T23:59:59-12:00"
        }')::json
    """
    await pool.execute(over)
    await pool.execute("""update ledger.skills set budget = '{"wall_seconds": 1000000}'""")
    view, claimed = await get_task(pool, name), await taken(pool)
    assert view is not None
    assert view.task == claimed.task
    assert claimed.budget == Budget(usd=10_000, tokens=10**12)
    assert claimed.task.budget == Budget(turns=1000, tool_calls=5)
    assert claimed.task.deadline is not None
    assert claimed.task.deadline.year == 9998
    assert [skill.budget for skill in await list_skills(pool)] == [Budget(wall_seconds=86_400)]
    assert await finish(pool, name, 1, done(name))
    again = await retry(pool, name, door=DOOR)
    assert (await taken(pool)).id == again
