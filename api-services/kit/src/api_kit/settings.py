"""The environment that every gateway reads; a vendor's own settings add its upstream."""

from pathlib import Path

from agent_effects.effects import SENDING_SECONDS
from pydantic import Field, PositiveFloat, PositiveInt
from service_kit.settings import SharedSettings, UpstreamSettings, split_csv

PATIENCE_SECONDS = 5.0
"""Seconds after the vendor's time; then the reconciler looks for a write whose row is still `sending`."""


class GatewaySettings(SharedSettings, UpstreamSettings):
    """Whom a gateway trusts, where it keeps what it must, and its limits."""

    access_file: Path = Field(description="access.yaml: services, tenants and what they may do")
    agent_jwks_file: Path = Field(description="the public keys of task tokens, as a JWKS")
    database_url: str = Field(description="PostgreSQL, where effects are recorded", repr=False)
    redis_url: str | None = Field(None, description="Redis, for rates over all instances; else per process", repr=False)
    rate_per_second: PositiveFloat = Field(10.0, description="requests a second, per task or else per service")
    rate_burst: PositiveInt = Field(10, description="requests at once, per task or else per service")
    tenant_rate_per_second: PositiveFloat = Field(
        100.0, description="requests a second of all of a tenant, per process"
    )
    max_body_bytes: PositiveInt = Field(1_000_000, description="the largest body of a request")
    max_reply_bytes: PositiveInt = Field(10_000_000, description="the largest reply of the vendor")
    body_seconds: PositiveFloat = Field(10.0, description="how long a request's body may take")
    upstream_failures: PositiveInt = Field(5, description="failures in a row after which the vendor is left alone")
    upstream_seconds: PositiveFloat = Field(
        20.0,
        le=SENDING_SECONDS - PATIENCE_SECONDS,
        description=f"how long the vendor may take; a write under way for {SENDING_SECONDS:.0f} s counts as lost",
    )

    image_hosts: str = Field("", description="hosts of which images may be shown in what tasks write, comma-separated")

    @property
    def images(self) -> tuple[str, ...]:
        """The image hosts, one by one."""
        return split_csv(self.image_hosts)
