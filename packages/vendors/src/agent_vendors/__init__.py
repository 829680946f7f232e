"""What more than one process must know of a vendor, as data."""

from agent_vendors.record import Access, Vendor
from agent_vendors.registry import UnknownVendor, in_house, installed, kinds_of, load, loaded
from agent_vendors.resources import ResourceKind

__all__ = [
    "Access",
    "ResourceKind",
    "UnknownVendor",
    "Vendor",
    "in_house",
    "installed",
    "kinds_of",
    "load",
    "loaded",
]
