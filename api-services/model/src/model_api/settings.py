"""The environment of model-api."""

from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt
from service_kit.errors import ConfigError
from service_kit.settings import Address, Port, SharedSettings, Token, UpstreamSettings, split_csv

DEFAULT_MODELS = "claude-sonnet-5-5,claude-haiku-5-5,claude-opus-5-5"
SECRETS = ("MODEL_UPSTREAM_KEY", "MODEL_UPSTREAM_AUTH_TOKEN", "DATABASE_URL", "UPSTREAM_PROXY")


class ModelSettings(SharedSettings, UpstreamSettings):
    """Whom model-api trusts, where the model is, what it serves and its limits."""

    agent_jwks_file: Path = Field(description="the public keys of model tokens, as a JWKS")
    access_file: Path | None = Field(None, description="access.yaml, for the budgets of tenants; unset: they have none")
    database_url: str = Field(description="PostgreSQL, where spending is recorded", repr=False)
    model_upstream_url: Address = Field("https://api.anthropic.com", description="where the Messages API is")
    model_upstream_key: Token | None = Field(None, description="the vendor's key, sent as x-api-key", repr=False)
    model_upstream_auth_token: Token | None = Field(None, description="or a token, sent as Bearer", repr=False)
    models: str = Field(DEFAULT_MODELS, description="the models that are served, by full name, comma-separated")
    model_prices: str = Field("", description="prices in USD per million tokens, as JSON, before genai-prices' own")
    model_output_per_second: PositiveInt = Field(
        400,
        description="output tokens that a model may write in a second unseen; what a stream that broke off is charged",
    )
    port: Port = 3006
    max_body_bytes: PositiveInt = Field(10_485_760, description="the largest body of a request")
    max_reply_bytes: PositiveInt = Field(33_554_432, description="the largest reply of the model")
    body_seconds: PositiveFloat = Field(30.0, description="how long a request's body may take")
    upstream_seconds: PositiveFloat = Field(600.0, description="how long the model may be silent")

    @property
    def served(self) -> tuple[str, ...]:
        """The models, one by one."""
        return split_csv(self.models)

    def credential(self) -> dict[str, str]:
        """Return the header that opens the upstream.

        Raises:
            ConfigError: neither a key nor a token is set, or both are.
        """
        if (self.model_upstream_key is None) == (self.model_upstream_auth_token is None):
            found = "neither is" if self.model_upstream_key is None else "both are"
            raise ConfigError(
                f"set exactly one of MODEL_UPSTREAM_KEY (sent as x-api-key) and MODEL_UPSTREAM_AUTH_TOKEN "
                f"(sent as Bearer): {found} set"
            )
        if self.model_upstream_key is not None:
            return {"x-api-key": self.model_upstream_key}
        return {"authorization": f"Bearer {self.model_upstream_auth_token}"}
