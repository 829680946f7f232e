"""How a GitHub App gets a token of its installation: what github-mcp and github-api both must know of it.

Source: docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol


class Answer(Protocol):
    """GitHub's reply to a request of the App."""

    @property
    def status(self) -> int:
        """Its status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers, whose names are found in small letters."""

    def json(self) -> Any:
        """Its body, read as JSON."""


Send = Callable[[str, str], Awaitable[Answer]]
"""Sends a request with the App's JWT: method and path."""


@dataclass(frozen=True)
class AppVariables:
    """What the operator set, by name."""

    app: str
    installation: str
    key: str


@dataclass(frozen=True)
class InstallationToken:
    """A token of an installation, the seconds that it lives, and the login by which it writes."""

    token: str = field(repr=False)
    seconds: float
    login: str


class AppRefused(Exception):
    """The operator acts: GitHub gives the App no token; the message names the variable to mend."""


async def get_token(installation: str, send: Send, variables: AppVariables) -> InstallationToken:
    """Get a token of an installation, and ask by which login it writes.

    Raises:
        AppRefused: GitHub refuses it, or its reply holds no token.
    """
    app = await send("GET", "/app")
    _demand(app, 200, variables)
    made = await send("POST", f"/app/installations/{installation}/access_tokens")
    _demand(made, 201, variables)
    try:
        document = made.json()
        end = datetime.fromisoformat(document["expires_at"])
        return InstallationToken(document["token"], end.timestamp() - _clock(made), f"{app.json()['slug']}[bot]")
    except (KeyError, TypeError, ValueError):
        raise AppRefused("GitHub's reply to the App holds no token") from None


def _demand(answer: Answer, status: int, variables: AppVariables) -> None:
    if answer.status == status:
        return
    remedy = {
        401: f"{variables.app} and the key in {variables.key} do not belong together, or this machine's clock is wrong",
        403: f"the installation in {variables.installation} is suspended, or the App may not use it",
        404: f"{variables.installation} is no installation of the App in {variables.app}",
    }.get(answer.status, "ask again later")
    raise AppRefused(f"GitHub gives the App no token ({answer.status}): {remedy}")


def _clock(answer: Answer) -> float:
    """Return the time by GitHub's clock, which ends the token, else by ours."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return datetime.now(UTC).timestamp()
