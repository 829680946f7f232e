"""Finds vendors' records through the entry point group `agent_bot.vendors`. Owns the records that a process loaded."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from agent_vendors.record import Vendor
from agent_vendors.resources import ResourceKind

GROUP = "agent_bot.vendors"
DISTRIBUTION = "agent-bot-vendors"

_loaded: dict[str, Vendor] = {}


class UnknownVendor(ValueError):
    """The operator acts: a named vendor is not installed, or its record is not usable."""


@cache
def installed() -> Mapping[str, EntryPoint]:
    """Return the entry points of all installed vendors by name, and import none.

    Raises:
        UnknownVendor: two packages bring a vendor of the same name.
    """
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise UnknownVendor(f"two packages bring a vendor {point.name!r}: {other.value} and {point.value}")
    return found


@cache
def in_house() -> tuple[str, ...]:
    """Return the names of this project's own vendors, in the order of their entry points."""
    return tuple(
        point.name for point in installed().values() if point.dist is not None and point.dist.name == DISTRIBUTION
    )


def load(names: Iterable[str] = ()) -> tuple[Vendor, ...]:
    """Return the records of the named vendors, or of this project's own if none is named.

    Raises:
        UnknownVendor: a name is not installed (says which are, and which is nearest), or an entry point does not lead
            to the record of the vendor that it is named after.
    """
    return tuple(_record(name) for name in dict.fromkeys(names) or in_house())


def loaded() -> tuple[Vendor, ...]:
    """Return the records of this project's own vendors and of all others that this process loaded."""
    load()
    return tuple(_loaded.values())


def kinds_of(name: str) -> Mapping[str, ResourceKind]:
    """Return the kinds of a vendor's resources by name; none for a vendor that is not installed."""
    if name not in _loaded and name not in installed():
        return {}
    return {kind: kind for kind in _record(name).kinds}


def _record(name: str) -> Vendor:
    if name in _loaded:
        return _loaded[name]
    points = installed()
    if name not in points:
        near = get_close_matches(name, points, n=1)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownVendor(f"no vendor {name!r} is installed, only {', '.join(sorted(points))}{guess}")
    try:
        record = points[name].load()
    except Exception as error:
        raise UnknownVendor(f"the vendor {name!r} cannot be loaded from {points[name].value}: {error}") from error
    if not isinstance(record, Vendor) or record.name != name:
        raise UnknownVendor(f"{points[name].value} is not the record of the vendor {name!r}")
    return _loaded.setdefault(name, record)
