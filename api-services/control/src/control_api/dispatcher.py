"""Turns a delivery into tasks: which triggers fire, within which daily budgets, in the delivery's own transaction."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from agent_contracts import Actor, Origin, Task, task_id_for
from agent_effects import spent_by
from agent_ledger import InvalidTask, submit
from agent_ledger.connection import Connection
from agent_vendors.github import REPOSITORIES
from pydantic import ValidationError
from service_kit.access import Door
from service_kit.grants import allowed
from service_kit.validation_errors import described

from control_api import deliveries
from control_api.github import sender
from control_api.triggers import Trigger, Triggers, fill, value_at


@dataclass
class Outcome:
    """What a delivery led to: tasks, the triggers that did not fire and why, and those that could not."""

    tasks: list[dict[str, Any]] = field(default_factory=list)
    ignored: list[dict[str, str]] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Give the outcome as JSON."""
        return {"tasks": self.tasks, "ignored": self.ignored, "refused": self.refused}


@dataclass(frozen=True)
class Delivery:
    """A verified delivery: its source, event, payload, and the digest that it is known by."""

    source: str
    event: str
    payload: dict[str, Any]
    digest: bytes


def plan(triggers: Triggers, delivery: Delivery, door: Door) -> tuple[list[tuple[Trigger, Task]], Outcome]:
    """Decide which triggers fire and build their tasks; pure, so that `triggers test` shows just what would happen."""
    outcome, planned = Outcome(), []
    closed = _closed_repository(delivery, door)
    if closed is not None:
        outcome.ignored.append({"trigger": "*", "reason": f"repository {closed} is not open at {door.name}"})
        return [], outcome
    for trigger in triggers.triggers:
        if trigger.source != delivery.source:
            continue
        why_not = trigger.refusal(delivery.event, delivery.payload)
        if why_not is not None:
            outcome.ignored.append({"trigger": trigger.name, "reason": why_not})
            continue
        try:
            planned.append((trigger, task_of(trigger, delivery, door)))
        except KeyError as error:
            reason = f"the payload has no usable value at {error.args[0]}"
            outcome.refused.append({"trigger": trigger.name, "reason": reason})
        except ValidationError as error:
            outcome.refused.append({"trigger": trigger.name, "reason": described(error)})
    return planned, outcome


def task_of(trigger: Trigger, delivery: Delivery, door: Door) -> Task:
    """Build a trigger's task; the same delivery and trigger give the same id.

    Raises:
        KeyError: the payload lacks a value that a template names.
        ValidationError: what came out is no task.
    """
    login = sender(delivery.payload) or "unknown"
    return Task(
        id=task_id_for(door.tenant, delivery.source, delivery.digest.hex(), trigger.name),
        skill=trigger.skill,
        input=fill(trigger.input, delivery.payload),
        tenant=door.tenant,
        actor=Actor(kind=delivery.source, id=login),
        origin=Origin(kind="webhook", ref=f"{delivery.source}:{delivery.digest.hex()[:16]}"),
        budget=trigger.budget,
        priority=trigger.priority,
        concurrency_key=_key(trigger.concurrency_key, delivery),
        dedupe_key=_key(trigger.dedupe_key, delivery),
        labels={"trigger": trigger.name},
    )


async def dispatch(connection: Connection, triggers: Triggers, delivery: Delivery, door: Door) -> Outcome:
    """Submit the tasks of a delivery inside its transaction."""
    planned, outcome = plan(triggers, delivery, door)
    for trigger, task in planned:
        over = await _over_budget(connection, trigger, door.tenant, task.id)
        if over is not None:
            outcome.refused.append({"trigger": trigger.name, "reason": over})
            continue
        try:
            submitted = await submit(connection, task, door=door)
        except InvalidTask as error:
            outcome.refused.append({"trigger": trigger.name, "reason": str(error)})
            continue
        await deliveries.keep_firing(connection, tenant=door.tenant, trigger=trigger.name, task_id=submitted.id)
        outcome.tasks.append({"trigger": trigger.name, "id": str(submitted.id), "created": submitted.created})
    return outcome


def _closed_repository(delivery: Delivery, door: Door) -> str | None:
    """Name the repository that a delivery is about if the door does not open it; it must not use up budgets."""
    name = value_at(delivery.payload, "repository.full_name")
    if not isinstance(name, str):
        return None
    bound = door.vendors.get(delivery.source)
    return None if bound is not None and allowed(bound, REPOSITORIES, name) else name[:200]


async def _over_budget(connection: Connection, trigger: Trigger, tenant: str, task_id: UUID | None) -> str | None:
    """Say which daily budget stands against a firing; one of today that is only sent again is within it."""
    limit = trigger.daily_budget
    if limit.tasks is None and limit.usd is None:
        return None
    fired = await deliveries.fired_today(connection, tenant=tenant, trigger=trigger.name)
    if task_id in fired:
        return None
    if limit.tasks is not None and len(fired) >= limit.tasks:
        return f"its daily budget of {limit.tasks} tasks is used up"
    if limit.usd is not None and await spent_by(connection, fired) >= Decimal(str(limit.usd)):
        return f"its daily budget of {limit.usd} USD is used up"
    return None


def _key(template: str | None, delivery: Delivery) -> str | None:
    return str(fill(template, delivery.payload)) if template is not None else None
