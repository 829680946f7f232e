"""The records of all vendors: of those in the registry, found in their tests by name, and of the made-up ones."""

from importlib import import_module

from agent_vendors import load
from conformance.servers import chatter, corkboard, tracker
from conformance.servers.record import ServerRecord

RECORDS: dict[str, ServerRecord] = {
    **{vendor.name: import_module(f"vendor.{vendor.name}_mcp.conformance").RECORD for vendor in load()},
    "corkboard": corkboard.RECORD,
    "chatter": chatter.RECORD,
    "tracker": tracker.RECORD,
}
