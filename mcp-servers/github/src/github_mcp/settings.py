"""What github-mcp reads from its environment."""

from pathlib import Path
from typing import ClassVar, Self

from agent_vendors.github import GITHUB
from mcp_kit.settings import VendorSettings
from pydantic import AliasChoices, Field, SecretStr, model_validator
from service_kit.settings import Port

APP = ("app_id", "app_installation_id", "app_private_key_path")


class GitHubSettings(VendorSettings):
    """The settings of every vendor's server, and GitHub's own names and addresses."""

    prefix: ClassVar[str] = "GITHUB"

    token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("GITHUB_TOKEN", "GITHUB_PERSONAL_ACCESS_TOKEN"),
        description="GitHub token, or this server's service token at the gateway",
    )
    api_url: str = Field(GITHUB.upstream, description="GitHub's REST API, or the gateway github-api")
    app_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9.]{1,40}$",
        validation_alias="GITHUB_APP_ID",
        description="in a token's place, a GitHub App: its id or client id",
    )
    app_installation_id: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]{0,17}$",
        validation_alias="GITHUB_APP_INSTALLATION_ID",
        description="the number of the App's installation",
    )
    app_private_key_path: Path | None = Field(
        None,
        validation_alias="GITHUB_APP_PRIVATE_KEY_PATH",
        description="a file with the App's private key as PEM, closed to others",
    )
    port: Port = GITHUB.mcp_port
    toolsets: str | None = Field(None, description="comma list of toolsets, `default` or `all`")

    @model_validator(mode="after")
    def _have_a_whole_app_or_a_token(self) -> Self:
        parts = {self.variable(name): getattr(self, name) for name in APP}
        given = [name for name, value in parts.items() if value]
        if not given:
            return self
        if missing := [name for name, value in parts.items() if not value]:
            raise ValueError(f"{', '.join(missing)} is not set: a GitHub App needs {', '.join(parts)}")
        if self.token is not None:
            first = " or ".join(self.variables("token"))
            raise ValueError(
                f"{given[0]} does not go together with {first}: take one away; a gateway holds its own App"
            )
        return self
