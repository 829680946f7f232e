"""Control's environment."""

from pathlib import Path

from pydantic import Field, PositiveInt
from service_kit.settings import Settings


class ControlSettings(Settings):
    """Where control listens, whom it lets in, and the secrets of its webhook sources."""

    database_url: str = Field(description="PostgreSQL, where tasks and deliveries are kept", repr=False)
    access_file: Path = Field(description="access.yaml: the doors tasks come through")
    triggers_file: Path | None = Field(None, description="triggers.yaml: which deliveries become tasks")
    github_webhook_secret: str | None = Field(
        None, description="the webhook's secret at GitHub; several, comma-separated, while one is replaced", repr=False
    )
    github_own_logins: str = Field(
        "agent-bot,agent-bot[bot]",
        description="our own accounts at GitHub, comma-separated: their events start nothing",
    )
    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="the port to listen on")
    allowed_hosts: str = Field("", description="names that callers may use besides loopback, comma-separated")
    allowed_origins: str = Field("", description="web origins that may call, comma-separated")
    max_webhook_bytes: PositiveInt = Field(10_000_000, description="the largest webhook body")
    max_streams: PositiveInt = Field(200, description="how many event streams may be open at once")
    log_level: str = Field("info", description="debug, info, warning or error")

    def listed(self, text: str | None) -> list[str]:
        """Take a comma-separated setting apart."""
        return [item.strip() for item in (text or "").split(",") if item.strip()]
