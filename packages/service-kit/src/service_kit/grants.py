"""Compares grants and bounds: what a pattern covers, and what two bounds allow together. Pure functions."""

from typing import TypeVar

from agent_contracts import Grant, Mode, Resources
from agent_contracts.grant import Limits
from agent_vendors import ResourceKind, kinds_of
from pydantic import BaseModel, ConfigDict, Field

ORDER = (Mode.read, Mode.propose, Mode.write)
UNKNOWN = ResourceKind(
    "resources", grammar=r"(?s:.+)", description="a name", example="name", separator="/", fold=str.casefold
)
"""How names are compared of a kind that no installed vendor's record has."""


class Bound(BaseModel):
    """What the entry of a door, tenant or person allows at one vendor; `tools: null` does not limit the tools."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tools: list[str] | None = None
    resources: Resources = Field(default_factory=dict)
    mode: Mode = Mode.read
    limits: Limits = Field(default_factory=dict)


G = TypeVar("G", Grant, Bound)


def matches(pattern: str, name: str, kind: ResourceKind = UNKNOWN) -> bool:
    """Say whether a pattern covers a name: segment by segment, as the kind compares them, `*` for one whole segment."""
    wanted, given = kind.segments(pattern), kind.segments(name)
    return len(wanted) == len(given) and all(
        segment in ("*", actual) and actual != "" for segment, actual in zip(wanted, given, strict=True)
    )


def allowed(grant: Grant | Bound, kind: ResourceKind, name: str) -> bool:
    """Say whether a grant covers a resource, or all that a pattern such as `octocat/*` names.

    A kind without an entry, or a name outside its grammar, is not covered.
    """
    return _is_name(kind, name) and any(matches(pattern, name, kind) for pattern in grant.resources.get(kind, ()))


def _is_name(kind: ResourceKind, name: str) -> bool:
    if kind.separator is None or "*" not in name:
        return kind.accepts(name)
    segments, example = name.split(kind.separator), kind.example.split(kind.separator)
    plain = (usual if segment == "*" else segment for segment, usual in zip(segments, example, strict=False))
    return len(segments) == len(example) and kind.accepts(kind.separator.join(plain))


def narrow_resources(first: Resources, second: Resources, vendor: str) -> Resources:
    """Return what both cover at a vendor. A kind that only one of them names is not in the result."""
    narrowed: Resources = {}
    kinds = kinds_of(vendor)
    for kind in first:
        of = kinds.get(kind, UNKNOWN)
        pairs = ((a, b) for a in first[kind] for b in second.get(kind, ()))
        both = [shared for a, b in pairs if (shared := _intersect(a, b, of)) is not None]
        if both:
            narrowed[kind] = list(dict.fromkeys(both))
    return narrowed


def narrow(grant: G, bound: Bound, vendor: str) -> G:
    """Return what a grant or a bound, and another bound, both allow at a vendor."""
    allows = {
        "tools": _shared_tools(grant.tools, bound.tools),
        "resources": narrow_resources(grant.resources, bound.resources, vendor),
        "mode": weaker(grant.mode, bound.mode),
        "limits": grant.limits | {tool: min(most, grant.limits.get(tool, most)) for tool, most in bound.limits.items()},
    }
    return grant.model_copy(update=allows)


def weaker(first: Mode, second: Mode) -> Mode:
    """Return the mode that allows less."""
    return min(first, second, key=ORDER.index)


def _shared_tools(first: list[str] | None, second: list[str] | None) -> list[str] | None:
    if first is None or second is None:
        return second if first is None else first
    return [tool for tool in first if tool in second]


def _intersect(first: str, second: str, kind: ResourceKind) -> str | None:
    left, right = (pattern.split(kind.separator) if kind.separator else [pattern] for pattern in (first, second))
    if len(left) != len(right):
        return None
    shared: list[str] = []
    for a, b in zip(left, right, strict=True):
        if a == "*":
            shared.append(b)
        elif b == "*" or kind.same(a, b):
            shared.append(a)
        else:
            return None
    return (kind.separator or "").join(shared)
