"""The environment of `python -m agent_effects`."""

from pydantic import Field
from service_kit.settings import Settings


class EffectsSettings(Settings):
    """The variables that migrating reads."""

    database_url: str = Field(description="PostgreSQL, postgresql://user:password@host:port/database")
