"""Asks again for what a final task asked: a new task with the old one as its parent."""

import json
from uuid import UUID

from agent_contracts import Actor, Budget, Origin, Task, uuid7
from service_kit.access import Door
from service_kit.grants import Bound

from agent_ledger.connection import Executor, transaction
from agent_ledger.errors import InvalidTask, UnknownTask
from agent_ledger.submission import submit


async def retry(executor: Executor, task_id: UUID, *, tenant: str | None = None, actor: Actor | None = None) -> UUID:
    """Submit a final task's request again, under the bounds of the door that it came through; give the new id.

    `not_before` and `deadline` belonged to the old task and are dropped.

    Args:
        executor: where to write.
        task_id: the old task.
        tenant: whose task it must be; None for the operator.
        actor: who asks now; without one, whoever asked then.

    Raises:
        UnknownTask: there is no such task.
        InvalidTask: it is not final yet, or its skill is gone.
    """
    async with transaction(executor) as connection:
        row = await connection.fetchrow(
            """
            select body::text, state, door, tenant, vendors::text, budget::text, finished_at is not null as final
            from ledger.tasks where id = $1 and ($2::text is null or tenant = $2)
            """,
            task_id,
            tenant,
        )
        if row is None:
            raise UnknownTask(f"there is no task {task_id}")
        if not row["final"]:
            raise InvalidTask("state", f"task {task_id} is still {row['state']}: cancel it first, or wait")
        old = Task.model_validate_json(row["body"])
        door = Door(
            name=row["door"],
            tenant=row["tenant"],
            skills=["*"],
            vendors={name: Bound.model_validate(bound) for name, bound in json.loads(row["vendors"]).items()},
            budget=Budget.model_validate_json(row["budget"]),
            actor=actor or old.actor,
        )
        again = old.model_copy(
            update={
                "id": uuid7(),
                "parent_id": task_id,
                "not_before": None,
                "deadline": None,
                "origin": Origin(kind="retry", ref=str(task_id)),
            }
        )
        return (await submit(connection, again, door=door)).id
