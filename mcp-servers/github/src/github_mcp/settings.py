"""What github-mcp reads from its environment."""

from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from agent_vendors.github import GITHUB
from mcp_kit.settings import VendorSettings
from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from service_kit.settings import Port, check_address

APP = ("app_id", "app_installation_id", "app_private_key_path")


class GitHubSettings(VendorSettings):
    """The settings of every vendor's server, and GitHub's own names and addresses."""

    prefix: ClassVar[str] = "GITHUB"

    token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("GITHUB_TOKEN", "GITHUB_PERSONAL_ACCESS_TOKEN"),
        description="GitHub token, or this server's service token at the gateway",
    )
    api_url: str = Field(
        GITHUB.upstream, description="GitHub's REST API (Enterprise: https://HOST/api/v3), or the gateway github-api"
    )
    server: str | None = Field(
        None,
        validation_alias="GITHUB_HOST",
        description="where GITHUB_API_URL is not set, the Enterprise server's address, as github-mcp-server takes it",
    )
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
    lockdown_mode: bool = Field(
        False,
        validation_alias="GITHUB_LOCKDOWN_MODE",
        description="leave out what authors without push access wrote in public repositories",
    )
    toolsets: str | None = Field(None, description="comma list of toolsets, `default` or `all`")

    @model_validator(mode="before")
    @classmethod
    def _find_the_api_of_its_server(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "GITHUB_HOST" not in given or "GITHUB_API_URL" in given:
            return given
        try:
            return {**given, "GITHUB_API_URL": _api_of(str(given["GITHUB_HOST"]))}
        except ValueError:  # which is said of its own variable
            return given

    @field_validator("server")
    @classmethod
    def _is_a_server(cls, server: str | None) -> str | None:
        return server if server is None or _api_of(server) else None

    @model_validator(mode="after")
    def _have_a_whole_app_or_a_token(self) -> Self:
        parts = {self.variable(name): getattr(self, name) for name in APP}
        given = [name for name, value in parts.items() if value]
        if not given:
            return self
        if missing := [name for name, value in parts.items() if not value]:
            raise ValueError(f"{', '.join(missing)} is not set: a GitHub App needs {', '.join(parts)}")
        others = {
            " or ".join(self.variables("token")): self.token,
            self.variable("personal_tokens"): self.personal_tokens,
        }
        for name, value in others.items():
            if value:
                raise ValueError(
                    f"{given[0]} does not go together with {name}: take one away; a gateway holds its own App"
                )
        return self


def _api_of(server: str) -> str:
    """Return where the REST API of a GitHub is: github.com's, one of ghe.com's, or an Enterprise server's.

    Source: docs.github.com/en/enterprise-cloud@latest/admin/data-residency, and "Getting started with the REST API" of
    GitHub Enterprise Server.
    """
    parts = urlsplit(check_address(server if "://" in server else f"https://{server}"))
    name = parts.hostname or ""
    if name == "github.com":
        return GITHUB.upstream
    if name.endswith(".ghe.com"):
        return f"{parts.scheme}://api.{parts.netloc}"
    return f"{parts.scheme}://{parts.netloc}/api/v3"
