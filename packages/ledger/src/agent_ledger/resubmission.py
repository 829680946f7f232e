"""Asks again for what a final task asked: a new task with the old one as its parent."""

from uuid import UUID

from agent_contracts import Actor, Budget, Origin, uuid7
from agent_stores.pool import Executor, transaction
from service_kit.access import Door
from service_kit.grants import Bound, narrow

from agent_ledger.errors import InvalidTask
from agent_ledger.row_decoding import read_request, reading
from agent_ledger.submission import submit


async def retry(executor: Executor, task_id: UUID, *, door: Door, actor: Actor | None = None) -> UUID:
    """Submit a final task's request again; give the new id.

    What it may do is bounded twice: by the door as it is now, and by the bounds that the old task had. `not_before` and
    `deadline` belonged to the old task and are dropped.
    The actor of the door goes first, then the one given, then whoever asked for the old task.

    Raises:
        InvalidTask: there is no such task, or it is not final yet, is of another tenant than the door, or is not open
            at the door any more.
        UnreadableRow: this version cannot read the old task.
    """
    async with transaction(executor) as connection:
        row = await connection.fetchrow(
            """
            select body::text, state, tenant, vendors::text, budget::text, finished_at is not null as final
            from ledger.tasks where id = $1
            """,
            task_id,
        )
        if row is None:
            raise InvalidTask("unknown", f"there is no task {task_id}")
        if not row["final"]:
            raise InvalidTask("state", f"task {task_id} is still {row['state']}: cancel it first, or wait")
        if row["tenant"] != door.tenant:
            message = f"task {task_id} is of tenant {row['tenant']}, and {door.name or 'this door'} of {door.tenant}"
            raise InvalidTask("door", f"{message}: retry it at a door of its tenant")
        with reading(f"task {task_id}"):
            old, vendors, budget = read_request(row["body"], row["vendors"], row["budget"])
        again = old.model_copy(
            update={
                "id": uuid7(),
                "parent_id": task_id,
                "not_before": None,
                "deadline": None,
                "actor": actor or old.actor,
                "origin": Origin(kind="retry", ref=str(task_id)),
            }
        )
        return (await submit(connection, again, door=_bounded(door, vendors, budget))).id


def _bounded(door: Door, vendors: dict[str, Bound], budget: Budget) -> Door:
    """Narrow a door by what an older one had allowed."""
    both = {name: narrow(door.vendors[name], old, name) for name, old in vendors.items() if name in door.vendors}
    return door.model_copy(update={"vendors": both, "budget": door.budget.within(budget)})
