"""One gateway core: routes, callers, limits, effects, audit. A vendor's gateway is a table of routes and a `Vendor`."""

from service_kit.json_text import Json
from service_kit.rate_limit import Rate

from api_kit.app import build_gateway, open_gateway, run_gateway
from api_kit.body import Body
from api_kit.command import run_command
from api_kit.credentials import credentials
from api_kit.errors import Refusal
from api_kit.routes import Call, Fetch, Probe, Resource, Route, Table
from api_kit.search import Search
from api_kit.settings import GatewaySettings
from api_kit.upstream import Credential, Pause, Vendor

__all__ = [
    "Body",
    "Call",
    "Credential",
    "Fetch",
    "GatewaySettings",
    "Json",
    "Pause",
    "Probe",
    "Rate",
    "Refusal",
    "Resource",
    "Route",
    "Search",
    "Table",
    "Vendor",
    "build_gateway",
    "credentials",
    "open_gateway",
    "run_command",
    "run_gateway",
]
