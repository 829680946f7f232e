"""Triggers: which events become which tasks. Reads `triggers.yaml`; everything else is pure."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from agent_contracts import Budget, Priority
from agent_contracts.task import SkillName
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from service_kit.access import Access
from service_kit.checkout import remedy
from service_kit.errors import ConfigError
from service_kit.yaml_lines import read_checked

from control_api.sources.protocol import Source, SourceEvent, key_of
from control_api.sources.registry import default_source

PLACE = re.compile(r"\$\{([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)\}")
MISSING = object()
Scalar = str | int | float | bool | None
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]


class Entry(BaseModel):
    """The base of every entry: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DailyBudget(Entry):
    """What a trigger may start in one day (UTC): tasks, and dollars spent by them."""

    tasks: Annotated[int, Field(ge=0)] | None = None
    usd: Annotated[float, Field(ge=0)] | None = None


class Trigger(Entry):
    """One rule: the event it listens to, what must hold of the body, and the task that it makes of it.

    Attributes:
        instance: the one instance of its source that it listens to; empty for the one without a name, left out for all.
        conditions: the values of keys that only its source has; in the file each key stands beside the others.
    """

    name: Name
    source: str = Field(default_factory=default_source)
    instance: str | None = None
    event: str
    action: str | list[str] | None = None
    filter: dict[str, Scalar | list[Scalar]] = Field(default_factory=dict)
    conditions: dict[str, list[str]] = Field(default_factory=dict)
    skill: SkillName
    input: str | dict[str, Any]
    daily_budget: DailyBudget = DailyBudget()
    budget: Budget = Budget()
    priority: Priority = Priority.normal
    concurrency_key: str | None = None
    dedupe_key: str | None = None

    def refusal(self, event: SourceEvent) -> str | None:
        """Say why this trigger does not fire for an event, or None if it does."""
        if event.name != self.event:
            return f"it listens to {self.event}"
        actions = [self.action] if isinstance(self.action, str) else self.action
        if actions is not None and event.action not in actions:
            return f"it listens to {' or '.join(actions)}, not to {str(event.action)[:40]}"
        for path, wanted in self.filter.items():
            found = value_at(event.payload, path)
            values = wanted if isinstance(wanted, list) else [wanted]
            if not any(_same(found, value) for value in values):
                return f"filter {path} does not hold"
        for condition, accepted in self.conditions.items():
            if event.conditions.get(condition) not in accepted:
                return f"{condition} is {event.conditions.get(condition)}"
        return None


class Triggers(Entry):
    """The whole file."""

    triggers: list[Trigger] = Field(default_factory=list)


def read_triggers(path: Path, sources: Mapping[str, Source]) -> Triggers:
    """Read a triggers file.

    Raises:
        ConfigError: it is missing, is no YAML, or has a wrong entry.
    """
    try:
        triggers = read_checked(
            path, Triggers, variable="TRIGGERS_FILE", prepare=lambda raw: _with_conditions(raw, sources)
        )
    except FileNotFoundError:
        made = remedy(checkout="make it with `make init`", package="correct the path")
        raise ConfigError(f"TRIGGERS_FILE={path} does not exist: {made}, or leave it unset") from None
    names = [trigger.name for trigger in triggers.triggers]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"TRIGGERS_FILE={path}: two triggers are named {name!r}: rename one")
    for trigger in triggers.triggers:
        wrong = _unknown(trigger, sources)
        if wrong is not None:
            raise ConfigError(f"TRIGGERS_FILE={path}: {trigger.name}: {wrong}")
    return triggers


def _with_conditions(raw: dict[str, Any], sources: Mapping[str, Source]) -> dict[str, Any]:
    """Move each trigger's keys that only its source has under `conditions`."""
    entries = raw.get("triggers")
    if not isinstance(entries, list):
        return raw
    moved = []
    for entry in entries:
        if isinstance(entry, dict):
            source = sources.get(str(entry.get("source", default_source())))
            own = {key: entry[key] for key in (source.conditions if source else ()) if entry.get(key) is not None}
            entry = {key: value for key, value in entry.items() if source is None or key not in source.conditions}
            if own:
                entry["conditions"] = own
        moved.append(entry)
    return {**raw, "triggers": moved}


def _unknown(trigger: Trigger, sources: Mapping[str, Source]) -> str | None:
    """Say which source, event or condition of a trigger there is not; None if there are all."""
    source = sources.get(trigger.source)
    if source is None:
        return f"source {trigger.source!r} is not one of {', '.join(sorted(sources))}"
    if trigger.event not in source.events:
        return f"event {trigger.event!r} is not one of {', '.join(sorted(source.events))}"
    for condition, values in trigger.conditions.items():
        known = source.conditions.get(condition, ())
        wrong = [value for value in values if value not in known]
        if wrong:
            return f"{condition} {wrong[0]!r} is not one of {', '.join(sorted(known)) or 'its source'}"
    return None


def closed_triggers(triggers: Triggers, access: Access) -> list[str]:
    """Say of each trigger that can start nothing why: no door of its source opens its skill."""
    doors = {**access.webhooks, **access.feeds}
    wrong = []
    for trigger in triggers.triggers:
        heard = {
            key: door
            for key, door in doors.items()
            if key.partition("/")[0] == trigger.source and trigger.instance in (None, key.partition("/")[2])
        }
        if not heard:
            wrong.append(
                f"{trigger.name}: access.yaml has no door for {key_of(trigger.source, trigger.instance or '')}"
            )
        elif not any(door.opens(trigger.skill) for door in heard.values()):
            wrong.append(f"{trigger.name}: {', '.join(heard)} does not open skill {trigger.skill} in access.yaml")
    return wrong


def fill(template: Any, payload: dict[str, Any]) -> Any:
    """Fill a template with values of the payload.

    A text that is one place as a whole, as in `"${issue.number}"`, becomes the value itself; within a longer text the
    value is inserted as text. Nothing that is inserted is read as a template again.

    Raises:
        KeyError: the payload has no such place, or what is there does not fit into a text; it names the place.
    """
    if isinstance(template, dict):
        return {key: fill(value, payload) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, payload) for value in template]
    if not isinstance(template, str):
        return template
    whole = PLACE.fullmatch(template)
    if whole is not None:
        return _found(payload, whole[1])
    return PLACE.sub(lambda match: _text(_found(payload, match[1]), match[1]), template)


def fill_key(template: str, payload: dict[str, Any]) -> str:
    """Fill a template of a key, by which tasks are told apart.

    Raises:
        KeyError: a place has no value that tells one from another: it is not there, null, empty, a list or an object.
    """

    def telling(match: re.Match[str]) -> str:
        text = _text(_found(payload, match[1]), match[1])
        if not text.strip():
            raise KeyError(match[1])
        return text

    return PLACE.sub(telling, template)


def value_at(payload: Any, path: str) -> Any:
    """Give the value at a dotted path, or `MISSING`."""
    for part in path.split("."):
        if isinstance(payload, dict) and part in payload:
            payload = payload[part]
        elif isinstance(payload, list) and part.isdigit() and int(part) < len(payload):
            payload = payload[int(part)]
        else:
            return MISSING
    return payload


def _found(payload: dict[str, Any], path: str) -> Any:
    value = value_at(payload, path)
    if value is MISSING:
        raise KeyError(path)
    return value


def _text(value: Any, path: str) -> str:
    if isinstance(value, dict | list) or value is None:
        raise KeyError(path)
    return str(value)


def _same(found: Any, wanted: Scalar) -> bool:
    if found is MISSING:
        return wanted is None
    if isinstance(found, str) and isinstance(wanted, str):
        return found.casefold() == wanted.casefold()
    return type(found) is type(wanted) and bool(found == wanted)
