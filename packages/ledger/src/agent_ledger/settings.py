"""The environment of `python -m agent_ledger`."""

from pydantic import Field
from service_kit.settings import Settings


class LedgerSettings(Settings):
    """What migrating needs."""

    database_url: str = Field(description="PostgreSQL of the ledger, postgresql://user:password@host:port/database")
