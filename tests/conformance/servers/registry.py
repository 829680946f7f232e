"""The records of all vendors: those of the registry, found in their tests by name, and of the made-up ones."""

from importlib import import_module

from conformance.servers import chatter, corkboard, tracker
from conformance.servers.record import ServerRecord
from house.vendors import VENDORS

RECORDS: dict[str, ServerRecord] = {
    **{vendor.name: import_module(f"unit.{vendor.name}_mcp.conformance").RECORD for vendor in VENDORS},
    "corkboard": corkboard.RECORD,
    "chatter": chatter.RECORD,
    "tracker": tracker.RECORD,
}
