"""A vendor's REST as a server's client needs it: alone, or behind our gateway, which speaks the same paths."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from service_kit.errors import UpstreamError
from service_kit.http import HttpClient, Reply

from mcp_kit import gateway
from mcp_kit.call import Call
from mcp_kit.error_messages import Meaning, explain, no_token
from mcp_kit.errors import DryRun, ToolFailed
from mcp_kit.settings import VendorSettings

SECONDS = 25.0
READY_SECONDS = 2.5
READS = frozenset({"GET", "HEAD"})
Query = Mapping[str, str | int | None]
M = TypeVar("M", bound=BaseModel)


def bearer(token: str) -> dict[str, str]:
    """Give the header that opens most vendors, and our gateways."""
    return {"authorization": f"Bearer {token}"}


class Vendor:
    """Sends what a client asks and reads what comes; refusals come as `ToolFailed`, with the next step.

    Args:
        settings: the token, the address, and whether a gateway answers there.
        name: the vendor's name for people: `GitHub`.
        command: the server's: `github-mcp`.
        headers: sent with every request: user agent, version.
        meanings: what its statuses mean where they mean something else than usual, see `refusals`.
        explained: what else a refusal says, by its headers or closed words of its body; None where it says no more.
        opening: gives the headers that open the vendor by a token; a gateway gets a bearer token.
    """

    def __init__(
        self,
        settings: VendorSettings,
        *,
        name: str,
        command: str,
        headers: Mapping[str, str],
        meanings: Mapping[int, Meaning] | None = None,
        explained: Callable[[Reply, str], ToolFailed | None] | None = None,
        opening: Callable[[str], Mapping[str, str]] = bearer,
    ) -> None:
        self._http = HttpClient(base_url=settings.api_url.rstrip("/"), headers=headers, timeout=SECONDS)
        self._settings = settings
        self._name = name
        self._command = command
        self._meanings = meanings
        self._explained = explained
        self._open = bearer if settings.gateway else opening

    async def send(
        self,
        call: Call,
        method: str,
        path: str,
        target: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        success: int = 200,
        reads: bool = False,
    ) -> Reply:
        """Send a request and give the reply of the status that was expected.

        Args:
            call: for whom.
            method: in capitals.
            path: with each part quoted.
            target: what is asked for, in our words.
            query: None leaves a parameter out.
            body: sent as JSON.
            success: the status of a reply that is none of refusal.
            reads: a method other than GET or HEAD changes nothing all the same, as a search by POST does.

        Raises:
            ToolFailed: the vendor or the gateway refused it, or there is no token.
            Proposed: the gateway stored it.
            Rehearsed: it is a write, and nothing is sent (DRY_RUN).
        """
        params = {name: value for name, value in (query or {}).items() if value is not None}
        if self._settings.dry_run and not reads and method not in READS:
            raise DryRun(method, path, params, body)
        headers = self._headers(call)
        reply = await self._http.request(method, path, params=params, json=body, headers=headers)
        if self._settings.gateway:
            gateway.apply_gateway_headers(reply, call)
        if reply.status != success:
            raise self._refusal(reply, target)
        return reply

    def read(self, model: type[M], document: Any) -> M:
        """Read a document of the vendor's.

        Raises:
            UpstreamError: it is not of the documented form; its places are named, its values are not.
        """
        try:
            return model.model_validate(document)
        except ValidationError as error:
            places = ", ".join(".".join(map(str, item["loc"])) for item in error.errors()[:3])
            raise UpstreamError(f"{self._name}'s reply is not of the documented form: {places}") from None

    def read_all(self, model: type[M], document: Any) -> list[M]:
        """Read a list of documents.

        Raises:
            UpstreamError: it is no list, or one of them is not of the documented form.
        """
        if not isinstance(document, list):
            raise UpstreamError(f"{self._name}'s reply is not a list")
        return [self.read(model, item) for item in document]

    async def check(self, path: str) -> None:
        """Raise unless the vendor, asked by a path that costs nothing, or the gateway, answers and takes the token."""
        token, url = self._settings.variable("token"), self._settings.variable("api_url")
        if self._settings.gateway:
            reply = await self._http.request("GET", "/ready", timeout=READY_SECONDS)
        else:
            reply = await self._http.request("GET", path, headers=self._opening(), timeout=READY_SECONDS)
        if reply.status == 401:
            raise UpstreamError(f"{self._name} refuses {token}: set one that is valid", status=401)
        if reply.status >= 500:
            raise UpstreamError(f"{url} answers {reply.status}: see what is wrong there", status=reply.status)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    def _headers(self, call: Call) -> dict[str, str]:
        headers = self._opening()
        if not headers:
            raise no_token(self._settings.variables("token"), self._command)
        return headers | gateway.headers_of(call) if self._settings.gateway else headers

    def _opening(self) -> dict[str, str]:
        token = self._settings.token
        return dict(self._open(token.get_secret_value())) if token else {}

    def _refusal(self, reply: Reply, target: str) -> ToolFailed:
        ours = gateway.refused(reply) if self._settings.gateway else None
        more = self._explained(reply, target) if self._explained and ours is None else None
        token = (
            gateway.vendors_token(self._settings.prefix) if self._settings.gateway else self._settings.variable("token")
        )
        return ours or more or explain(reply, target, vendor=self._name, token=token, meanings=self._meanings)
