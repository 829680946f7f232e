"""What every MCP server here reads from its environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from service_kit.settings import Port, ServedSettings

from mcp_kit.reply import CHARS_PER_TOKEN, HARD_LIMIT
from mcp_kit.selection import Selection, names


class ServerSettings(ServedSettings):
    """The settings that all servers share; a server adds its vendor's, and the vendor's own names for these."""

    transport: Literal["stdio", "http"] = Field(
        "stdio", validation_alias="MCP_SERVER_TRANSPORT", description="stdio, or http: /mcp and /sse in one process"
    )
    port: Port = 9000
    sse: bool = Field(True, validation_alias="MCP_SSE", description="serve /sse, for clients that know nothing newer")
    max_sse_connections: int = Field(100, ge=1, validation_alias="MCP_MAX_SSE_CONNECTIONS", description="open at once")
    read_only: bool = Field(False, validation_alias="MCP_READ_ONLY", description="no tool that writes; wins over all")
    toolsets: str | None = Field(None, validation_alias="MCP_TOOLSETS", description="comma list; unset: all")
    tools: str | None = Field(
        None, validation_alias="MCP_TOOLS", description="comma list: only these, or added to the toolsets chosen"
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
