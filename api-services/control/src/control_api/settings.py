"""Control's environment."""

from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt
from service_kit.settings import Port, SharedSettings


class ControlSettings(SharedSettings):
    """Where control keeps what it accepts, and which files say whom it lets in; each source adds its own variables."""

    database_url: str = Field(description="PostgreSQL, where tasks and deliveries are kept", repr=False)
    access_file: Path = Field(description="access.yaml: the doors tasks come through")
    triggers_file: Path | None = Field(None, description="triggers.yaml: which deliveries become tasks")
    proposals_file: Path | None = Field(
        None, description="proposals.yaml: which proposals a policy decides; without the file people decide all"
    )
    port: Port = 8000
    rate_per_second: PositiveFloat = Field(50.0, description="requests a second of a door")
    rate_burst: PositiveInt = Field(500, description="requests at once of a door")
    tenant_rate_per_second: PositiveFloat = Field(
        100.0, description="requests a second of a tenant's doors together, or of one of its webhooks, per process"
    )
    tenant_rate_burst: PositiveInt = Field(
        1000, description="requests at once of a tenant's doors together, or of one of its webhooks, per process"
    )
    max_webhook_bytes: PositiveInt = Field(25 * 2**20, description="the largest webhook body; GitHub's are up to 25 MB")
    max_streams: PositiveInt = Field(
        200,
        description="how many event streams may be open at once; a half of them for one tenant, a tenth for one door",
    )
