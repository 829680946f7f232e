"""The present name of a resource that was asked for by an old one, which a vendor's redirect leads to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from agent_vendors import ResourceKind
from service_kit.log import get_logger

from mcp_kit.caller import Caller
from mcp_kit.vendor_path import VendorPath

Fetch = Callable[[VendorPath], Awaitable[Any]]
"""Reads a path, and returns the document; None for anything but a success."""
log = get_logger(__name__)


@dataclass(frozen=True)
class Moves:
    """How a vendor tells the present name of a resource that was asked for by an old one.

    Attributes:
        kind: the kind of the name, by which it is checked.
        name: returns the present name by the redirect's Location, of which only the path may be used; None if unknown.
    """

    kind: ResourceKind
    name: Callable[[str, Fetch], Awaitable[str | None]]

    async def present_name(self, location: str, caller: Caller, fetch: Fetch) -> str | None:
        """Return the present name, if the caller may touch it; it is logged in any case."""
        name = await self.name(location, fetch)
        if name is None or not self.kind.accepts(name):
            return None
        log.warning("moved", kind=str(self.kind), name=name)
        return name if caller.may_touch(self.kind, name) else None
