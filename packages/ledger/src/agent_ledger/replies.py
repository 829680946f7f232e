"""Sends results to URLs: allowed origins only, signed by Standard Webhooks, no redirects."""

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from service_kit.errors import ConfigError, UpstreamError
from service_kit.http import HttpClient
from service_kit.origins import listed_origin, origin_of

TIMEOUT_SECONDS = 10.0
"""For the whole of a post, however slowly its reply trickles: a batch of them ends well before its rows' lease."""
MAX_REPLY_BYTES = 65_536
SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix that Standard Webhooks gives secrets


class NotAllowed(Exception):
    """The operator acts: the address is not on the list, and no attempt will change that."""


class NotDelivered(Exception):
    """The receiver did not take the message; it is sent again later."""


class Replies:
    """The receivers that the operator allows, each with its own secret.

    Args:
        destinations: origin (`https://example.org`, with a port where it is not the scheme's) to its secret
            (`whsec_` and base64).

    Raises:
        ConfigError: an origin or a secret is not of its form; names the origin.
    """

    def __init__(self, destinations: Mapping[str, str]) -> None:
        self._secrets = {_listed(origin): _key(origin, secret) for origin, secret in destinations.items()}
        self._clients: dict[str, HttpClient] = {}

    async def post(self, url: str, message_id: str, body: bytes, *, at: datetime) -> None:
        """Send one signed message, dated `at`: receivers refuse what is minutes off.

        Raises:
            NotAllowed: the URL's origin is not on the list.
            NotDelivered: there was no 2xx reply.
        """
        origin = origin_of(url)
        if origin is None or origin not in self._secrets:
            raise NotAllowed("reply_to.url is not at an origin on the operator's list")
        if origin not in self._clients:
            self._clients[origin] = HttpClient(
                base_url=origin, timeout=TIMEOUT_SECONDS, retries=0, max_reply_bytes=MAX_REPLY_BYTES
            )
        headers = {"content-type": "application/json"}
        headers |= sign(self._secrets[origin], message_id, int(at.timestamp()), body)
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                reply = await self._clients[origin].request("POST", path, content=body, headers=headers)
        except TimeoutError:
            raise NotDelivered(f"{origin} gave no whole reply within {TIMEOUT_SECONDS:g} s") from None
        except UpstreamError as error:
            raise NotDelivered(str(error)) from error
        if not reply.ok:
            raise NotDelivered(f"{origin} answered {reply.status}")

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks 1.0 for a message (symmetric, scheme `v1`)."""
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def _listed(origin: str) -> str:
    try:
        return listed_origin(origin)
    except ValueError as error:
        raise ConfigError(f"reply destination {error}") from None


def _key(origin: str, secret: str) -> bytes:
    try:
        if not secret.startswith(SECRET_PREFIX):
            raise ValueError(SECRET_PREFIX)
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (ValueError, binascii.Error):
        raise ConfigError(f"the secret of reply destination {origin} is not `whsec_` followed by base64") from None
