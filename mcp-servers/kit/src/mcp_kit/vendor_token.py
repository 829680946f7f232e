"""The token by which a server opens its vendor or gateway: one that the operator set, or one got for a time."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from service_kit.http import HttpClient, Reply
from service_kit.redact import Masker
from service_kit.renewal import Renewal, Renewed

from mcp_kit import gateway
from mcp_kit.error_messages import no_token
from mcp_kit.settings import VendorSettings

Exchange = Callable[[str, str, Mapping[str, str]], Awaitable[Reply]]
"""Sends a request to the vendor without a token: method, path and headers."""


def bearer(token: str) -> dict[str, str]:
    """Return the header that opens most vendors, and our gateways."""
    return {"authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class Renewing:
    """How a token is got that ends by itself. Alone a server renews it before its end; behind a gateway it gets none.

    Attributes:
        get: asks the vendor for a token. It raises ToolFailed, which names the variable to mend.
        variable: what the operator sets in a token's place.
    """

    get: Callable[[Exchange], Awaitable[Renewed[str]]]
    variable: str


class VendorToken:
    """Makes the headers that open the vendor, and hides the token in texts.

    Args:
        settings: the token, and whether a gateway answers.
        command: the server's: `github-mcp`.
        http: the way to the vendor.
        opening: returns the headers that open the vendor by a token.
        renewing: how a token is got that ends by itself; None where the settings hold one.
    """

    def __init__(
        self,
        settings: VendorSettings,
        *,
        command: str,
        http: HttpClient,
        opening: Callable[[str], Mapping[str, str]],
        renewing: Renewing | None,
    ) -> None:
        self._settings = settings
        self._command = command
        self._http = http
        self._open = bearer if settings.gateway else opening
        self._renewing = None if settings.gateway else renewing
        self._renewal: Renewal[str] = Renewal(command)
        self._present = settings.token.get_secret_value() if settings.token else ""

    @property
    def variable(self) -> str:
        """What the operator sets here to open the vendor or the gateway."""
        return self._renewing.variable if self._renewing else self._settings.variable("token")

    @property
    def vendors_variable(self) -> str:
        """What holds the vendor's token: a variable of this server, or of the gateway behind it."""
        return gateway.vendors_token(self._settings.prefix) if self._settings.gateway else self.variable

    async def headers(self) -> dict[str, str]:
        """Return what opens the vendor now; nothing where there is no token.

        Raises:
            ToolFailed: a token that ended cannot be got anew.
            UpstreamError: the vendor cannot be asked for one.
        """
        if self._renewing is not None:
            self._present = await self._renewal.current(partial(self._renewing.get, self._exchange))
        return dict(self._open(self._present)) if self._present else {}

    async def required(self) -> dict[str, str]:
        """Return what opens the vendor now.

        Raises:
            ToolFailed: there is no token; names the variables that take one. Else as `headers`.
        """
        headers = await self.headers()
        if not headers:
            raise no_token(self._settings.variables("token"), self._command)
        return headers

    def refused(self) -> None:
        """Forget a token that the vendor refused, so that the next request has a new one."""
        self._renewal.drop(self._present)

    def mask(self, text: str) -> str:
        """Return a text without the token."""
        if not self._present:
            return text
        shown = [self._present, *(value.rpartition(" ")[2] for value in self._open(self._present).values())]
        return Masker(shown).mask(text)

    async def _exchange(self, method: str, path: str, headers: Mapping[str, str]) -> Reply:
        return await self._http.request(method, path, headers=headers)
