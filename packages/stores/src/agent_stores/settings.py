"""The environment of `agent-stores`."""

from pathlib import Path

from pydantic import Field
from service_kit.settings import LogLevel, Settings


class StoresSettings(Settings):
    """What `agent-stores` reads from the environment; a flag of the same meaning wins."""

    database_url: str | None = Field(default=None, description="a PostgreSQL that is there: none is started")
    redis_url: str | None = Field(default=None, description="a Redis that is there: none is started")
    stores_dir: Path = Field(default=Path("var/stores"), description="the folder of the embedded stores")
    postgres_port: int = Field(default=5432, ge=0, le=65535, description="a port, 0 for a free one")
    redis_port: int = Field(default=6379, ge=0, le=65535, description="a port, 0 for a free one")
    log_level: LogLevel = "info"
