"""The ledger's migrations: what `agent_stores.migrate` needs to bring schema `ledger` up to date."""

from pathlib import Path

SCHEMA = "ledger"
VERSIONS = Path(__file__).parent / "versions"
