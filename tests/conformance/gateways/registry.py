"""The records of gateways: of the vendors that VENDORS names, found in their tests by name, and of the made-up ones.

Without VENDORS they are this project's own vendors.
"""

from importlib import import_module
from os import environ

from agent_vendors import load
from conformance.gateways import chatter, corkboard, tracker
from conformance.gateways.record import GatewayRecord
from service_kit.settings import split_csv

RECORDS: dict[str, GatewayRecord] = {
    **{
        vendor.name: import_module(f"vendor.{vendor.name.replace('-', '_')}_api.conformance").RECORD
        for vendor in load(split_csv(environ.get("VENDORS")))
        if vendor.api_port
    },
    "corkboard": corkboard.RECORD,
    "chatter": chatter.RECORD,
    "tracker": tracker.RECORD,
    "tracker-states": tracker.STATES_ALONE,
}
