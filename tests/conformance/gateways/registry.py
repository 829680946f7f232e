"""The records of gateways: of the vendors in the registry, found in their tests by name, and of the made-up ones."""

from importlib import import_module

from agent_vendors import load
from conformance.gateways import chatter, corkboard, tracker
from conformance.gateways.record import GatewayRecord

RECORDS: dict[str, GatewayRecord] = {
    **{
        vendor.name: import_module(f"vendor.{vendor.name}_api.conformance").RECORD
        for vendor in load()
        if vendor.api_port
    },
    "corkboard": corkboard.RECORD,
    "chatter": chatter.RECORD,
    "tracker": tracker.RECORD,
}
