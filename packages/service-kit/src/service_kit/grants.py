"""Grant algebra: what a pattern covers, and what is left when one bound narrows another. Pure functions."""

from agent_contracts import Grant, Mode, Resources
from agent_contracts.grant import Limits
from pydantic import BaseModel, ConfigDict, Field

ORDER = (Mode.read, Mode.propose, Mode.write)


class Bound(BaseModel):
    """What a door, a tenant's entry or a person's entry allows at one vendor; `tools: null` leaves tools to others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tools: list[str] | None = None
    resources: Resources = Field(default_factory=dict)
    mode: Mode = Mode.read
    limits: Limits = Field(default_factory=dict)


def matches(pattern: str, name: str) -> bool:
    """Say whether a pattern covers a name: segments are compared without case, `*` stands for one whole segment."""
    wanted, given = pattern.casefold().split("/"), name.casefold().split("/")
    return len(wanted) == len(given) and all(
        segment in ("*", actual) and actual != "" for segment, actual in zip(wanted, given, strict=True)
    )


def allowed(grant: Grant | Bound, kind: str, name: str) -> bool:
    """Say whether a grant covers a resource; no entry, no access."""
    return any(matches(pattern, name) for pattern in grant.resources.get(kind, ()))


def narrow_resources(first: Resources, second: Resources) -> Resources:
    """Give what both cover, kind by kind; kinds of only one are gone."""
    narrowed: Resources = {}
    for kind in first:
        both = [shared for a in first[kind] for b in second.get(kind, ()) if (shared := _intersect(a, b)) is not None]
        if both:
            narrowed[kind] = list(dict.fromkeys(both))
    return narrowed


def narrow(grant: Grant, bound: Bound) -> Grant:
    """Give what both a grant and a bound allow."""
    return Grant(
        tools=_shared_tools(grant.tools, bound.tools),
        resources=narrow_resources(grant.resources, bound.resources),
        mode=weaker(grant.mode, bound.mode),
        limits=_tighter_limits(grant.limits, bound.limits),
    )


def narrow_bound(first: Bound, second: Bound) -> Bound:
    """Give what both bounds allow."""
    return Bound(
        tools=second.tools if first.tools is None else _shared_tools(first.tools, second.tools),
        resources=narrow_resources(first.resources, second.resources),
        mode=weaker(first.mode, second.mode),
        limits=_tighter_limits(first.limits, second.limits),
    )


def weaker(first: Mode, second: Mode) -> Mode:
    """Give the mode that allows less."""
    return min(first, second, key=ORDER.index)


def _shared_tools(tools: list[str], bound: list[str] | None) -> list[str]:
    return tools if bound is None else [tool for tool in tools if tool in bound]


def _tighter_limits(first: Limits, second: Limits) -> Limits:
    return {**first, **{tool: min(limit, first.get(tool, limit)) for tool, limit in second.items()}}


def _intersect(first: str, second: str) -> str | None:
    left, right = first.split("/"), second.split("/")
    if len(left) != len(right):
        return None
    shared: list[str] = []
    for a, b in zip(left, right, strict=True):
        if a == "*":
            shared.append(b)
        elif b == "*" or a.casefold() == b.casefold():
            shared.append(a)
        else:
            return None
    return "/".join(shared)
