"""How a vendor tells the present name of what was asked for by an old one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from agent_vendors import ResourceKind

from mcp_kit.vendor_path import VendorPath

Fetch = Callable[[VendorPath], Awaitable[Any]]
"""Reads a path, and returns the document; None for anything but a success."""


@dataclass(frozen=True)
class Moves:
    """How a vendor tells the present name of a resource that was asked for by an old one.

    Attributes:
        kind: the kind of the name, by which it is checked.
        name: returns the present name by the redirect's Location, of which only the path may be used; None if unknown.
    """

    kind: ResourceKind
    name: Callable[[str, Fetch], Awaitable[str | None]]
