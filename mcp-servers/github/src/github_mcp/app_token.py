"""Tokens of a GitHub App's installation, by which the server opens GitHub alone."""

from pathlib import Path

from agent_vendors.github_app import AppRefused, AppVariables, get_token
from mcp_kit.errors import ToolFailed
from mcp_kit.vendor_token import Exchange, Renewing, bearer
from service_kit.app_key import AppKey
from service_kit.errors import ConfigError
from service_kit.http import Reply
from service_kit.log import get_logger
from service_kit.renewal import Renewed

from github_mcp.settings import GitHubSettings

KEY = "app_private_key_path"


def installation(settings: GitHubSettings) -> "Installation | None":
    """Return the installation of the settings' App; None where they name no App.

    Raises:
        ConfigError: the App's key is not usable.
    """
    app, number, path = settings.app_id, settings.app_installation_id, settings.app_private_key_path
    if app is None or number is None or path is None:
        return None
    variables = AppVariables(*(settings.variable(name) for name in ("app_id", "app_installation_id", KEY)))
    return Installation(app, number, path, variables)


class Installation:
    """An App's installation. `login` is that by which it writes, and is known from the first token on."""

    login: str | None = None

    def __init__(self, app: str, installation: str, path: Path, variables: AppVariables) -> None:
        self._installation = installation
        self._variables = variables
        self._key = AppKey(app, path, variables.key)
        self._key.sign()

    @property
    def renewing(self) -> Renewing:
        """How its tokens are got."""
        return Renewing(self._get, self._variables.key)

    async def _get(self, exchange: Exchange) -> Renewed[str]:
        """Get a token; ToolFailed where GitHub gives none, or the key's file is not usable."""
        try:
            headers = bearer(self._key.sign())
        except ConfigError as error:
            get_logger(__name__).error("app_key_not_usable", error=str(error))
            message = f"The file of {self._variables.key} is not usable; nothing was sent."
            raise ToolFailed(message, next_step="Tell the operator to look at this server's log.") from error

        async def send(method: str, path: str) -> Reply:
            return await exchange(method, path, headers)

        try:
            made = await get_token(self._installation, send, self._variables)
        except AppRefused as error:
            raise ToolFailed(f"{error}.", next_step="Tell the operator.") from error
        self.login = made.login
        return Renewed(made.token, made.seconds)
