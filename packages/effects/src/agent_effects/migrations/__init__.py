"""The migrations of effects and spending: what `agent_stores.migrate` needs to bring schema `gateway` up to date."""

from pathlib import Path

SCHEMA = "gateway"
VERSIONS = Path(__file__).parent / "versions"
