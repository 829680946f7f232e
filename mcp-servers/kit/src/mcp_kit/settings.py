"""What every MCP server here reads from its environment."""

from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from service_kit import settings as service
from service_kit.rate_limit import Rate
from service_kit.settings import Port, ServedSettings, UpstreamSettings, check_address, check_token

from mcp_kit.reply import CHARS_PER_TOKEN, HARD_LIMIT
from mcp_kit.selection import Selection, names

OWN = ("token", "api_url", "gateway")
SHARED = ("read_only", "toolsets", "tools", "exclude_tools")


class ServerSettings(ServedSettings):
    """The settings that all servers share; a server adds its vendor's, and the vendor's own names for these."""

    transport: Literal["stdio", "http"] = Field(
        "stdio", validation_alias="MCP_SERVER_TRANSPORT", description="stdio, or http: /mcp and /sse in one process"
    )
    port: Port = 9000
    sse: bool = Field(True, validation_alias="MCP_SSE", description="serve /sse, for clients that know nothing newer")
    max_sse_connections: int = Field(
        200,
        ge=1,
        validation_alias="MCP_MAX_SSE_CONNECTIONS",
        description="open at once; a half of them for one tenant, a tenth for one caller",
    )
    read_only: bool = Field(False, validation_alias="MCP_READ_ONLY", description="no tool that writes; wins over all")
    toolsets: str | None = Field(None, validation_alias="MCP_TOOLSETS", description="comma list, `default` or `all`")
    tools: str | None = Field(
        None,
        validation_alias="MCP_TOOLS",
        description="comma list: only these, or added to the toolsets; a tool that may do harm needs it",
    )
    exclude_tools: str | None = Field(None, validation_alias="MCP_EXCLUDE_TOOLS", description="comma list to leave out")
    reply_tokens: int = Field(
        8_000, ge=500, le=HARD_LIMIT // CHARS_PER_TOKEN, validation_alias="MCP_REPLY_TOKENS", description="per reply"
    )
    calls_per_minute: int = Field(
        600, ge=1, validation_alias="MCP_CALLS_PER_MINUTE", description="tool calls per caller; a tenth of it at once"
    )
    allow_unauthenticated: bool = Field(False, description="listen beyond loopback without authentication")
    agent_jwks_file: Path | None = Field(None, description="public keys by which task tokens are checked")
    agent_ref_key: str | None = Field(
        None, pattern=r"^(?:[0-9a-fA-F]{2}){16,64}$", repr=False, description="hex; the key of the replies' refs"
    )
    access_file: Path | None = Field(None, description="access.yaml with people's tokens and grants")

    @property
    def selection(self) -> Selection:
        """The operator's choice of tools."""
        return Selection(
            read_only=self.read_only,
            toolsets=names(self.toolsets),
            tools=names(self.tools),
            exclude=names(self.exclude_tools) or frozenset(),
        )

    @property
    def rate(self) -> Rate:
        """How fast one caller may call."""
        return Rate(self.calls_per_minute / 60, max(1, self.calls_per_minute // 10))

    @property
    def authenticated(self) -> bool:
        """Whether HTTP callers must show a token."""
        return self.agent_jwks_file is not None or self.access_file is not None

    @property
    def reply_characters(self) -> int:
        """The most characters of a reply."""
        return min(self.reply_tokens * CHARS_PER_TOKEN, HARD_LIMIT)

    @property
    def ref_key(self) -> bytes | None:
        """The key of the replies' refs."""
        return bytes.fromhex(self.agent_ref_key) if self.agent_ref_key else None


class VendorSettings(ServerSettings, UpstreamSettings):
    """The settings of a server that speaks for a vendor; `prefix` makes their names, as in `GITHUB_TOKEN`.

    What all servers share has the vendor's name before the shared one: `GITHUB_READ_ONLY` or `MCP_READ_ONLY`. A server
    sets `api_url` and `port`, and anew what it has other words or names for.
    """

    prefix: ClassVar[str]

    token: SecretStr | None = Field(
        None, description="the vendor's token, or this server's service token at the gateway"
    )
    api_url: str = Field(description="the vendor's API, or our gateway")
    gateway: bool = Field(False, description="our gateway answers there: send task tokens along")
    dry_run: bool = Field(
        False,
        validation_alias="DRY_RUN",
        description="show what a tool would write, and send no write; not at the gateway",
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for name in (*OWN, *SHARED):
            field, own = cls.model_fields[name], f"{cls.prefix}_{name}".upper()
            if not isinstance(field.validation_alias, AliasChoices):
                field.validation_alias = AliasChoices(own, *([f"MCP_{name}".upper()] if name in SHARED else []))
        cls.model_rebuild(force=True)

    @field_validator("token")
    @classmethod
    def _is_one_word(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None:
            check_token(token.get_secret_value())
        return token

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        return check_address(url)

    @model_validator(mode="after")
    def _allow_dry_run_alone(self) -> Self:
        if not self.dry_run:
            return self
        if self.gateway:
            raise ValueError(
                f"DRY_RUN does not go together with {self.variable('gateway')}: take one away; at the gateway "
                "`mode: propose` in access.yaml stores writes in place of sending them"
            )
        if self.agent_jwks_file is not None:
            raise ValueError(
                "DRY_RUN does not go together with AGENT_JWKS_FILE: a run would claim as done what was not sent; take "
                "one away, or use a gateway with `mode: propose` in access.yaml"
            )
        return self

    @classmethod
    def variables(cls, field: str) -> list[str]:
        """Name the environment variables of a field, the preferred one first."""
        return service.variables(field, cls.model_fields[field])

    @classmethod
    def variable(cls, field: str) -> str:
        """Name a field by its preferred variable."""
        return cls.variables(field)[0]
