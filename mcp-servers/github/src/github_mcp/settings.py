"""What github-mcp reads from its environment."""

from mcp_kit.settings import ServerSettings
from pydantic import AliasChoices, Field, SecretStr
from service_kit.settings import Port


class GitHubSettings(ServerSettings):
    """The shared settings under GitHub's own names where it has some, and how to reach GitHub."""

    github_token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("GITHUB_TOKEN", "GITHUB_PERSONAL_ACCESS_TOKEN"),
        description="GitHub token, or this server's service token at the gateway",
    )
    github_api_url: str = Field(
        "https://api.github.com", pattern=r"^https?://", description="GitHub's REST API, or the gateway github-api"
    )
    github_gateway: bool = Field(False, description="GITHUB_API_URL is the gateway: send task tokens along")

    port: Port = 9001
    read_only: bool = Field(
        False,
        validation_alias=AliasChoices("GITHUB_READ_ONLY", "MCP_READ_ONLY"),
        description="no tool that writes; wins over all",
    )
    toolsets: str | None = Field(
        None,
        validation_alias=AliasChoices("GITHUB_TOOLSETS", "MCP_TOOLSETS"),
        description="comma list of issues, pull_requests, repos; unset: all",
    )
    tools: str | None = Field(
        None,
        validation_alias=AliasChoices("GITHUB_TOOLS", "MCP_TOOLS"),
        description="comma list: only these, or added to the toolsets chosen",
    )
    exclude_tools: str | None = Field(
        None,
        validation_alias=AliasChoices("GITHUB_EXCLUDE_TOOLS", "MCP_EXCLUDE_TOOLS"),
        description="comma list to leave out",
    )
