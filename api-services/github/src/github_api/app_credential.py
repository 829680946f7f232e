"""A GitHub App as a credential: tokens of its installation, which end after an hour and are renewed before."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from agent_vendors.github_app import AppRefused, AppVariables, get_token
from api_kit import Credential, Exchange, Opening, OtherForm, Refusal
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from service_kit.app_key import AppKey
from service_kit.errors import ConfigError
from service_kit.http import Reply
from service_kit.log import get_logger
from service_kit.renewal import Renewed

from github_api.probes.own_account import ME
from github_api.settings import GitHubApiSettings

Text = BeforeValidator(lambda value: str(value) if isinstance(value, int) and not isinstance(value, bool) else value)
AppId = Annotated[str, Text, StringConstraints(pattern=r"^[A-Za-z0-9.]{1,40}$")]
"""The App's number, or its client id."""
InstallationId = Annotated[str, Text, StringConstraints(pattern=r"^[1-9][0-9]{0,17}$")]


class AppEntry(BaseModel):
    """An App's installation, as it stands in the file of the tenants' tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    app_id: AppId
    installation_id: InstallationId
    private_key_path: Path


@dataclass(frozen=True)
class _Installation:
    entry: AppEntry
    key: AppKey
    variables: AppVariables

    async def renew(self, exchange: Exchange) -> Renewed[Opening]:
        """Get a token, and the login by which it writes.

        Raises:
            Refusal: `credential_refused`: the key's file cannot be used, or GitHub gives no token; else as `exchange`.
        """
        try:
            jwt = self.key.sign()
        except ConfigError as error:
            get_logger(__name__).error("app_key_not_usable", error=str(error))
            raise Refusal("credential_refused", f"the file in {self.key.variable} is not usable") from error

        async def send(method: str, path: str) -> Reply:
            return await exchange(method, path, {"authorization": f"Bearer {jwt}"})

        try:
            made = await get_token(self.entry.installation_id, send, self.variables)
        except AppRefused as error:
            get_logger(__name__).error("app_refused", error=str(error))
            raise Refusal("credential_refused", str(error)) from error
        opening = Opening({"authorization": f"Bearer {made.token}"}, {ME: {"login": made.login}})
        return Renewed(opening, made.seconds)


def app_credential(entry: AppEntry, variables: AppVariables) -> Credential:
    """Make the credential of an App's installation; GitHub is not asked yet.

    Raises:
        ConfigError: the key's file is not usable.
    """
    key = AppKey(entry.app_id, entry.private_key_path, variables.key)
    key.sign()
    return Credential("github", renew=_Installation(entry, key, variables).renew)


def app_of(settings: GitHubApiSettings) -> Credential | None:
    """Return the credential of the App of all tenants; None where none is set.

    Raises:
        ConfigError: a part of it is missing or wrong.
    """
    parts = {
        "app_id": settings.github_upstream_app_id,
        "installation_id": settings.github_upstream_app_installation_id,
        "private_key_path": settings.github_upstream_app_private_key_path,
    }
    if not any(parts.values()):
        return None
    names = dict(zip(parts, (VARIABLES.app, VARIABLES.installation, VARIABLES.key), strict=True))
    if missing := [names[part] for part, value in parts.items() if not value]:
        raise ConfigError(f"{', '.join(missing)} is not set: a GitHub App needs {', '.join(names.values())}")
    try:
        entry = AppEntry.model_validate(parts)
    except ValidationError as error:
        wrong = ", ".join(names[str(item["loc"][0])] for item in error.errors())
        raise ConfigError(f"{wrong} is not of the form that GitHub gives") from None
    return app_credential(entry, VARIABLES)


FILE = "in GITHUB_UPSTREAM_TOKENS_FILE"
VARIABLES = AppVariables(
    app="GITHUB_UPSTREAM_APP_ID",
    installation="GITHUB_UPSTREAM_APP_INSTALLATION_ID",
    key="GITHUB_UPSTREAM_APP_PRIVATE_KEY_PATH",
)
IN_FILE = AppVariables(app=f"app_id {FILE}", installation=f"installation_id {FILE}", key=f"private_key_path {FILE}")
APP = OtherForm(AppEntry, lambda entry: app_credential(entry, IN_FILE))
"""The form of an App among the tenants' tokens."""
