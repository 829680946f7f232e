"""Turns an event into tasks: which triggers fire, within which daily budgets, in the delivery's own transaction."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from agent_contracts import Actor, Origin, Task, task_id_for
from agent_effects import spent_by
from agent_ledger import InvalidTask, submit
from agent_stores.pool import Connection
from pydantic import ValidationError
from service_kit.grants import allowed
from service_kit.validation_errors import described

from control_api.sources.protocol import Instance, Source, SourceEvent
from control_api.webhooks import deliveries
from control_api.webhooks.triggers import Trigger, Triggers, fill, fill_key


@dataclass
class Dispatched:
    """What an event led to at one instance.

    Attributes:
        tasks: those that it started.
        ignored: the triggers that did not fire, and why.
        refused: the triggers that could not fire, and why.
        earlier: what the same event led to at other instances.
        duplicate: whether it is known, with its result, and led to nothing new.
    """

    tasks: list[dict[str, Any]] = field(default_factory=list)
    ignored: list[dict[str, str]] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)
    earlier: dict[str, Any] = field(default_factory=dict)
    duplicate: bool = False

    def document(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {"tasks": self.tasks, "ignored": self.ignored, "refused": self.refused}

    def result(self) -> dict[str, Any]:
        """Give what the event led to at all instances, as JSON."""
        return {word: [*self.earlier.get(word, ()), *found] for word, found in self.document().items()}


@dataclass(frozen=True)
class Delivery:
    """An event of one instance: a webhook's is verified.

    Attributes:
        instance: whose it is.
        event: what the source read.
        first_at: when it came first; it distinguishes the repetitions of an event that may repeat.
        fired: the triggers that have fired for the event at other instances.
    """

    instance: Instance[Source]
    event: SourceEvent
    first_at: datetime | None = None
    fired: frozenset[str] = frozenset()

    @property
    def key(self) -> deliveries.DeliveryKey:
        """What it is known by."""
        return deliveries.DeliveryKey(self.instance.door.tenant, self.instance.source.name, self.event.identity)

    def task_id(self, trigger: str) -> UUID:
        """Give the id of a trigger's task: the same for the same event, however it arrived."""
        name = self.event.identity.hex()
        if self.instance.source.repeat_seconds is not None and self.first_at is not None:
            name += f"@{self.first_at.isoformat()}"
        return task_id_for(self.key.tenant, self.key.source, name, trigger)


def plan(triggers: Triggers, delivery: Delivery) -> tuple[list[tuple[Trigger, Task]], Dispatched]:
    """Decide which triggers fire and build their tasks; pure, so that `triggers test` shows just what would happen."""
    outcome, planned = Dispatched(), []
    ignored = _ignored(delivery)
    if ignored is not None:
        outcome.ignored.append({"trigger": "*", "reason": ignored})
        return [], outcome
    instance = delivery.instance
    for trigger in triggers.triggers:
        if trigger.source != instance.source.name or trigger.instance not in (None, instance.name):
            continue
        fired = "it has fired for this event" if trigger.name in delivery.fired else None
        why_not = fired or trigger.refusal(delivery.event)
        if why_not is not None:
            outcome.ignored.append({"trigger": trigger.name, "reason": why_not})
            continue
        try:
            planned.append((trigger, task_of(trigger, delivery)))
        except KeyError as error:
            reason = f"the payload has no usable value at {error.args[0]}"
            outcome.refused.append({"trigger": trigger.name, "reason": reason})
        except ValidationError as error:
            outcome.refused.append({"trigger": trigger.name, "reason": described(error, Task)})
    return planned, outcome


def task_of(trigger: Trigger, delivery: Delivery) -> Task:
    """Build a trigger's task.

    Raises:
        KeyError: the payload lacks a value that a template names.
        ValidationError: what came out is no task.
    """
    key, event = delivery.key, delivery.event
    return Task(
        id=delivery.task_id(trigger.name),
        skill=trigger.skill,
        input=fill(trigger.input, event.payload),
        tenant=key.tenant,
        actor=Actor(kind=key.source, id=event.accounts[0] if event.accounts else "unknown"),
        origin=Origin(kind=delivery.instance.source.origin, ref=f"{key.source}:{key.identity.hex()[:16]}"),
        budget=trigger.budget,
        priority=trigger.priority,
        concurrency_key=trigger.concurrency_key and fill_key(trigger.concurrency_key, event.payload),
        dedupe_key=trigger.dedupe_key and fill_key(trigger.dedupe_key, event.payload),
        labels={"trigger": trigger.name},
    )


async def dispatch_once(connection: Connection, triggers: Triggers, delivery: Delivery) -> Dispatched:
    """Keep an event and submit its tasks, of each trigger once, whichever instances it comes through."""
    event, instance = delivery.event, delivery.instance
    kept = await deliveries.take(
        connection,
        delivery.key,
        delivery_id=event.delivery_id,
        event=event.name,
        repeat_seconds=instance.source.repeat_seconds,
    )
    if instance.name in kept.instances:
        return Dispatched(earlier=kept.result, duplicate=True)
    fired = frozenset(task["trigger"] for task in kept.result.get("tasks", ()))
    dispatched = await dispatch(connection, triggers, replace(delivery, first_at=kept.first_at, fired=fired))
    dispatched.earlier = kept.result
    dispatched.duplicate = bool(kept.result) and not dispatched.tasks and not dispatched.refused
    return dispatched


async def dispatch(connection: Connection, triggers: Triggers, delivery: Delivery) -> Dispatched:
    """Submit the tasks of an event inside its delivery's transaction."""
    planned, outcome = plan(triggers, delivery)
    door = delivery.instance.door
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


def _ignored(delivery: Delivery) -> str | None:
    """Say why an event starts nothing, whatever the triggers say; it must not use up their budgets."""
    instance, event = delivery.instance, delivery.event
    if any(account.casefold() in instance.own_accounts for account in event.accounts):
        return "the event is of our own account"
    bound = instance.door.vendors.get(instance.source.vendor)
    if bound is None:
        return f"nothing of {instance.source.vendor} is open at {instance.door.name}"
    for kind, names in event.resources.items():
        for name in names:
            if not allowed(bound, kind, name):
                return f"{name[:200]} is not open at {instance.door.name}"
    return None


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
