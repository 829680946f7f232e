"""Corkboard's server: the one of docs/adding-a-server.md."""

from conformance.servers.record import ServerRecord
from fixtures.pages import server_page

RECORD: ServerRecord = server_page()["RECORD"]
