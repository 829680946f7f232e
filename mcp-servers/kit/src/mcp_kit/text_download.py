"""Long texts that a vendor keeps on another host, such as logs: read without the token, and no more than both ends."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from service_kit.errors import UpstreamError
from service_kit.http import HttpClient, Reply
from service_kit.text_ends import Room, TextEnds, read_ends

from mcp_kit.call import Call
from mcp_kit.error_messages import Meaning, passing
from mcp_kit.errors import ToolFailed
from mcp_kit.settings import VendorSettings
from mcp_kit.vendor_client import SECONDS, VendorClient
from mcp_kit.vendor_path import VendorPath

MOST_TOLD = {"accept-encoding": "identity", "accept": "*/*"}
"""All that the other host is told."""


class TextDownload:
    """Reads such texts: the vendor's redirect is followed here, or by the gateway."""

    def __init__(self, vendor: VendorClient, settings: VendorSettings) -> None:
        self._vendor = vendor
        self._gateway = settings.gateway
        self._scheme = urlsplit(settings.api_url).scheme
        self._http = HttpClient(timeout=SECONDS, retries=0, elsewhere=True, proxy=settings.upstream_proxy)

    async def read(
        self,
        call: Call,
        path: VendorPath,
        target: str,
        room: Room,
        *,
        meanings: Mapping[int, Meaning] | None = None,
    ) -> TextEnds:
        """Read the text to which the vendor redirects a path.

        Raises:
            ToolFailed: the vendor or the gateway refused it, or it lies where it may not be read from.
        """
        if self._gateway:
            reply = await self._vendor.send(call, "GET", path, target, meanings=meanings)
            return TextEnds.read(reply.body, reply.headers)
        reply = await self._vendor.send(call, "GET", path, target, success=302, meanings=meanings)
        return await self._read(reply.headers.get("location", ""), target, room)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _read(self, url: str, target: str, room: Room) -> TextEnds:
        """Read from the host that a vendor's redirect names: over https, or as openly as the vendor itself is asked."""
        if not _is_plain(url, {"https", self._scheme}):
            raise ToolFailed(f"{target} lies at an address that is not read from.", next_step="Do without it.")
        async with self._http.stream("GET", url, headers=MOST_TOLD) as reply:
            if reply.status != 200:
                refused = ToolFailed(f"The host that keeps {target} answered {reply.status}.", next_step="Call again.")
                raise passing(refused, Reply(reply.status, reply.headers, b""))
            if reply.headers.get("content-encoding", "identity") != "identity":
                raise UpstreamError("the host that keeps the text sent it in an encoding that was not asked for")
            return await read_ends(reply.chunks, room)


def _is_plain(url: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False
