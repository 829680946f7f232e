"""The way to the vendor: requests built anew from checked calls; nothing is repeated, no redirect followed."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from service_kit.errors import ReplyTooLarge, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from service_kit.http import HttpClient, Reply
from service_kit.json_text import Json

from api_kit import body, query
from api_kit.errors import Refusal
from api_kit.routes import Call, Fetch

EVERYTHING = "*"


@dataclass(frozen=True)
class Credential:
    """What opens the vendor for a tenant; `name` is no secret, and the vendor's limits are remembered under it."""

    name: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Pause:
    """The vendor asks for a pause: of a bucket (a route's tier), or of `EVERYTHING`."""

    bucket: str
    seconds: float


@dataclass(frozen=True)
class Vendor:
    """What is peculiar to a vendor.

    Attributes:
        name: as in grants and access.yaml.
        credential: finds the credential of a tenant.
        headers: sent with every request: user agent, version.
        pauses: reads the vendor's limits off a reply; gets the tier of the route too.
        link: finds the web address of what a write made, in its reply.
        relocate: turns the path of a same-host redirect, and a way to ask the vendor, into a path of the table.
    """

    name: str
    credential: Callable[[str], Credential]
    headers: Mapping[str, str]
    pauses: Callable[[Reply, str], Sequence[Pause]]
    link: Callable[[Json], str | None]
    relocate: Callable[[str, Fetch], Awaitable[str | None]] | None = None


class Upstream:
    """Sends checked calls to one base URL.

    Args:
        http: without retries.
        base_url: where the vendor is; its path, if it has one, is put before ours.
        vendor: whose headers are sent.
        seconds: how long a whole reply may take.
    """

    def __init__(self, http: HttpClient, *, base_url: str, vendor: Vendor, seconds: float = 20.0) -> None:
        self._http = http
        self._seconds = seconds
        self._vendor = vendor
        parts = urlsplit(base_url)
        self._origin = (parts.scheme, parts.netloc.lower())
        self._prefix = parts.path.rstrip("/")

    async def send(self, call: Call, credential: Credential) -> Reply:
        """Send a call and give the whole reply, whatever its status, with its bytes as they came.

        Raises:
            Refusal: `upstream_unreachable`, `upstream_timeout`, `upstream_broken` or `reply_too_large`.
        """
        path = call.route.template.build(call.path) + query.build(call.query)
        headers = {"accept": call.accept, **(call.conditions or {})}
        content = None
        if call.body is not None:
            content = body.build(call.body)
            headers["content-type"] = "application/json"
        return await self._send(call.route.method, path, headers, content, credential)

    def fetch(self, credential: Credential) -> Fetch:
        """Give a way to read paths that our own code built, for lookups."""

        async def fetch(path: str) -> Json:
            reply = await self._send("GET", path, {"accept": "application/json"}, None, credential)
            return document_of(reply) if reply.ok else None

        return fetch

    def path_of(self, url: str) -> tuple[str, str] | None:
        """Give path and query of a URL, below the base URL, if it is of this upstream; None if it leads elsewhere."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        if parts.scheme or parts.netloc:
            if (parts.scheme, parts.netloc.lower()) != self._origin:
                return None
        elif not url.startswith("/"):
            return None
        if not parts.path.startswith(self._prefix + "/"):
            return None
        return parts.path[len(self._prefix) :], parts.query

    async def _send(
        self, method: str, path: str, headers: dict[str, str], content: bytes | None, credential: Credential
    ) -> Reply:
        every = {"accept-encoding": "identity", **self._vendor.headers, **headers, **credential.headers}
        try:
            async with asyncio.timeout(self._seconds):
                return await self._http.request(method, path, content=content, headers=every, raw=True)
        except UpstreamUnreachable as error:
            raise Refusal("upstream_unreachable", f"{self._vendor.name} cannot be reached: {error}") from error
        except (UpstreamTimeout, TimeoutError) as error:
            raise Refusal("upstream_timeout", f"{self._vendor.name} did not answer in time") from error
        except ReplyTooLarge as error:
            raise Refusal("reply_too_large", str(error)) from error
        except UpstreamError as error:
            raise Refusal("upstream_broken", f"{self._vendor.name}: {error}") from error


def document_of(reply: Reply) -> Json:
    """Parse a JSON reply; None when it is something else.

    Raises:
        Refusal: `upstream_broken`: it claims to be JSON, and cannot be read as such.
    """
    media = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not (media == "application/json" or media.endswith("+json")) or not reply.body:
        return None
    if reply.headers.get("content-encoding", "identity") != "identity":
        raise Refusal("upstream_broken", "the vendor's reply came in a content encoding that was not asked for")
    try:
        return cast(Json, json.loads(reply.body))
    except (ValueError, RecursionError):
        raise Refusal("upstream_broken", "the vendor's reply is not the JSON that it claims to be") from None
