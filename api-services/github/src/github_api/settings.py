"""What github-api reads from its environment."""

from pathlib import Path

from api_kit import GatewaySettings
from pydantic import Field, SecretStr
from service_kit.settings import Address, Port


class GitHubApiSettings(GatewaySettings):
    """The settings of every gateway, and GitHub as its upstream."""

    github_upstream_url: Address = Field("https://api.github.com", description="GitHub's REST API, or an Enterprise's")
    github_upstream_token: SecretStr | None = Field(None, description="the GitHub token of all tenants")
    github_upstream_tokens_file: Path | None = Field(
        None, description="in its place, a YAML file with a token for each tenant under `tenants`, closed to others"
    )
    github_upstream_download_hosts: str = Field(
        "*.actions.githubusercontent.com,*.blob.core.windows.net",
        description="hosts from which logs are read where GitHub redirects to them, comma-separated; an Enterprise "
        "server's are those of its own storage",
    )
    github_upstream_app_id: str | None = Field(
        None, description="in a token's place, a GitHub App: its id or client id"
    )
    github_upstream_app_installation_id: str | None = Field(None, description="the number of the App's installation")
    github_upstream_app_private_key_path: Path | None = Field(
        None, description="a file with the App's private key as PEM, closed to others"
    )
    github_upstream_limited: bool = Field(
        True, description="whether to keep github.com's limits from our side; an Enterprise server has none by default"
    )
    port: Port = 3001
