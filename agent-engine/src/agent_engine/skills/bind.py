"""Binds a skill's grants to one task: values of the input put in literally, then narrowed by task and door."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent_contracts import Grant, Mode, Task
from agent_contracts.grant import Resources
from agent_ledger import UnusableSchema, value_error
from agent_vendors import ResourceKind, Vendor
from service_kit.grants import Bound, narrow, narrow_resources
from service_kit.untrusted_text import clean_line

from agent_engine.errors import TaskRefused
from agent_engine.skills.format import Skill
from agent_engine.skills.required_effects import RequiredEffect
from agent_engine.skills.templates import INPUT_VALUE, fill


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What one task's run may do.

    Attributes:
        required: the effects that are demanded of the run, their targets bound to the task.
        withheld: tools of required effects that the door's mode forbids; they are not demanded, and the run is told so.
    """

    vendors: tuple[Vendor, ...]
    grants: Mapping[str, Grant]
    allowed_tools: Mapping[str, tuple[str, ...]]
    required: tuple[RequiredEffect, ...] = ()
    withheld: tuple[str, ...] = ()


def bind(skill: Skill, task: Task, doors: Mapping[str, Bound], vendors: Mapping[str, Vendor]) -> Binding:
    """Work out the intersection of what skill, task and door allow at the vendors that this worker knows.

    Raises:
        TaskRefused: the input does not fit (`invalid`), nothing is left of a needed vendor (`denied`), or the skill
            itself is wrong (`config`).
    """
    if skill.problems:
        raise TaskRefused("config", f"the skill '{skill.name}' cannot be run: {'; '.join(skill.problems)}")
    _check_input(skill, task.input)
    used = tuple(_vendor(name, skill, vendors) for name in skill.settings.servers)
    grants: dict[str, Grant] = {}
    for vendor in used:
        declared = skill.settings.grant.get(vendor.name)
        if declared is None:
            raise TaskRefused("config", f"the skill '{skill.name}' uses server {vendor.name} and grants it nothing")
        bound = declared.model_copy(update={"resources": _bound_resources(declared.resources, task.input, vendor)})
        grants[vendor.name] = _narrowed(bound, task, doors, vendor.name)
    withheld = _withheld(skill, grants)
    _require_tools(skill, grants, withheld)
    tools = {
        vendor.name: tuple(
            tool
            for tool in grants[vendor.name].tools
            if grants[vendor.name].mode is not Mode.read or tool in vendor.reads
        )
        for vendor in used
    }
    required = tuple(
        effect.bound(task.input) for effect in skill.settings.required_effects if effect.tool not in withheld
    )
    return Binding(vendors=used, grants=grants, allowed_tools=tools, required=required, withheld=withheld)


def _check_input(skill: Skill, given: str | dict[str, Any]) -> None:
    if skill.input_schema is None:
        return
    try:
        error = value_error(skill.input_schema, given)
    except UnusableSchema as fault:
        message = f"the input schema of skill {skill.name} cannot be used: {fault}"
        raise TaskRefused("config", message) from None
    if error is not None:
        raise TaskRefused("invalid", f"the input does not fit the skill '{skill.name}': {error}")


def _bound_resources(declared: Resources, given: str | dict[str, Any], vendor: Vendor) -> Resources:
    resources: Resources = {}
    for kind, names in declared.items():
        known = vendor.kind(kind)
        if known is None:
            raise TaskRefused("config", f"{vendor.name} has no resources of the kind '{kind}'")
        resources[kind] = [_bound_name(name, given, vendor, known) for name in names]
    return resources


def _bound_name(template: str, given: str | dict[str, Any], vendor: Vendor, kind: ResourceKind) -> str:
    if not INPUT_VALUE.search(template):
        return template
    name = fill(template, given)
    if not kind.accepts(name):
        told = f"'{clean_line(name, 100)}' is not the name of one of {vendor.name}'s {kind}"
        raise TaskRefused("invalid", f"{told}: give {kind.description}, as in {kind.example}")
    return name


def _vendor(name: str, skill: Skill, vendors: Mapping[str, Vendor]) -> Vendor:
    if name not in vendors:
        raise TaskRefused("config", f"the skill '{skill.name}' names server '{name}', which is not known here")
    return vendors[name]


def _narrowed(grant: Grant, task: Task, doors: Mapping[str, Bound], vendor: str) -> Grant:
    if vendor not in doors:
        raise TaskRefused("denied", f"the door of this task opens nothing at {vendor}: see access.yaml")
    wanted = {kind: names for kind, names in grant.resources.items() if names}
    grant = narrow(grant, doors[vendor], vendor)
    if task.resources is not None and vendor in task.resources:
        resources = narrow_resources(grant.resources, task.resources[vendor], vendor)
        grant = grant.model_copy(update={"resources": resources})
    for kind, names in wanted.items():
        if not grant.resources.get(kind):
            raise TaskRefused(
                "denied",
                f"none of the {kind} {', '.join(names)} is open to this task: "
                "widen the entries of the door and of the tenant in access.yaml, or the task's own resources",
            )
    if not grant.tools:
        told = f"no tool of {vendor} is open to this task"
        raise TaskRefused("denied", f"{told}: see the tools of the door and of the tenant in access.yaml")
    return grant


def _withheld(skill: Skill, grants: Mapping[str, Grant]) -> tuple[str, ...]:
    """Name the tools of required effects that a read-only door forbids to a skill that would write."""
    names = (
        effect.tool
        for effect in skill.settings.required_effects
        if effect.server in grants
        and grants[effect.server].mode is Mode.read
        and skill.settings.grant[effect.server].mode is not Mode.read
    )
    return tuple(dict.fromkeys(names))


def _require_tools(skill: Skill, grants: Mapping[str, Grant], withheld: tuple[str, ...]) -> None:
    for name in skill.settings.needed_tools:
        server, _, tool = name.partition("/")
        if name in withheld and name not in skill.settings.required_tools:
            continue
        if server not in grants or tool not in grants[server].tools:
            raise TaskRefused("denied", f"the skill '{skill.name}' needs {name}, which is not open to this task")
