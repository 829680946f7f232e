"""Corkboard's gateway: the one of docs/adding-a-gateway.md."""

from conformance.gateways.record import GatewayRecord
from fixtures.pages import gateway_page

RECORD: GatewayRecord = gateway_page()["RECORD"]
