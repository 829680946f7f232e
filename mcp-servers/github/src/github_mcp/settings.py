"""What github-mcp reads from its environment."""

from typing import ClassVar

from agent_vendors.github import GITHUB
from mcp_kit.settings import VendorSettings
from pydantic import AliasChoices, Field, SecretStr
from service_kit.settings import Port


class GitHubSettings(VendorSettings):
    """The settings of every vendor's server, and GitHub's own names and addresses."""

    prefix: ClassVar[str] = "GITHUB"

    token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("GITHUB_TOKEN", "GITHUB_PERSONAL_ACCESS_TOKEN"),
        description="GitHub token, or this server's service token at the gateway",
    )
    api_url: str = Field(GITHUB.upstream, description="GitHub's REST API, or the gateway github-api")
    port: Port = GITHUB.mcp_port
    toolsets: str | None = Field(None, description="comma list of toolsets, `default` or `all`")
