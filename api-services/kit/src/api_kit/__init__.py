"""One core for all gateways: routes, callers, limits, effects, audit. A vendor adds a table and an `UpstreamVendor`."""

from service_kit.json_text import Json
from service_kit.rate_limit import Rate

from api_kit.app import open_gateway, run_gateway
from api_kit.body import Body
from api_kit.classify import Classified, by_status, document_of
from api_kit.command import run_command
from api_kit.credentials import OtherForm, credentials
from api_kit.errors import Refusal
from api_kit.routes import Answered, Call, Fetch, Probe, Resource, Route, Search
from api_kit.settings import GatewaySettings
from api_kit.side_hosts import SideExchange, download, download_ends
from api_kit.table import Table
from api_kit.text_formats import adf, markdown, mrkdwn, plain
from api_kit.vendor import Credential, Exchange, Opening, Pause, UpstreamVendor

__all__ = [
    "Answered",
    "Body",
    "Call",
    "Classified",
    "Credential",
    "Exchange",
    "Fetch",
    "GatewaySettings",
    "Json",
    "Opening",
    "OtherForm",
    "Pause",
    "Probe",
    "Rate",
    "Refusal",
    "Resource",
    "Route",
    "Search",
    "SideExchange",
    "Table",
    "UpstreamVendor",
    "adf",
    "by_status",
    "credentials",
    "document_of",
    "download",
    "download_ends",
    "markdown",
    "mrkdwn",
    "open_gateway",
    "plain",
    "run_command",
    "run_gateway",
]
