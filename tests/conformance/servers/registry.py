"""The records of servers: of the vendors that VENDORS names, found in their tests by name, and of the made-up ones.

Without VENDORS they are this project's own vendors.
"""

from importlib import import_module
from os import environ

from agent_vendors import load
from conformance.servers import chatter, corkboard, tracker
from conformance.servers.record import ServerRecord
from service_kit.settings import split_csv

RECORDS: dict[str, ServerRecord] = {
    **{
        vendor.name: import_module(f"vendor.{vendor.name.replace('-', '_')}_mcp.conformance").RECORD
        for vendor in load(split_csv(environ.get("VENDORS")))
    },
    "corkboard": corkboard.RECORD,
    "chatter": chatter.RECORD,
    "tracker": tracker.RECORD,
}
