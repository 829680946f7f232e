"""The only module that uses httpx: timeouts, retries of safe methods, limits, and our errors."""

import asyncio
import functools
import json as jsonlib
import random
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from service_kit.errors import ReplyTooLarge, Unsendable, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from service_kit.origins import is_loopback

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
WORTH_RETRYING = frozenset({502, 503, 504})
FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 5.0
Params = Mapping[str, Any] | list[tuple[str, str]] | None
Files = Mapping[str, tuple[str | None, bytes | str, str | None]]
"""Parts of a multipart body by name: filename, content and media type; a text has neither filename nor media type."""


@dataclass(frozen=True)
class Reply:
    """An upstream's complete reply. `body` is decoded unless `raw` was asked for."""

    status: int
    headers: httpx.Headers
    body: bytes

    @classmethod
    def made(cls, status: int, body: bytes, content_type: str) -> "Reply":
        """Return a reply as if an upstream had sent it."""
        return cls(status, httpx.Headers({"content-type": content_type}), body)

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as UTF-8; broken bytes are replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Parse the body as JSON, or raise UpstreamError."""
        try:
            return jsonlib.loads(self.body)
        except ValueError:
            raise UpstreamError(f"the upstream's reply ({self.status}) is not JSON", status=self.status) from None


@dataclass(frozen=True)
class StreamReply:
    """An upstream's reply whose body is read chunk by chunk while it arrives."""

    status: int
    headers: httpx.Headers
    chunks: AsyncIterator[bytes]


class HttpClient:
    """Speaks HTTP to one upstream: follows no redirect, keeps no cookie, ignores proxies of the environment.

    `timeout` is how many seconds a reply's next bytes may take, `connect_timeout` a connection. `request` reads at most
    `max_reply_bytes` of a reply. A safe method is tried again `retries` times after a failed or broken connection or
    502, 503, 504. With `elsewhere` other hosts are asked too: https needs trusted certificates even where `base_url` is
    http. All goes through the `proxy`, unless `base_url` is this machine's.
    """

    def __init__(
        self,
        *,
        base_url: str = "",
        timeout: float = 20.0,
        connect_timeout: float = 5.0,
        retries: int = 2,
        max_reply_bytes: int = 10_000_000,
        headers: Mapping[str, str] | None = None,
        max_connections: int = 100,
        elsewhere: bool = False,
        proxy: str | None = None,
    ) -> None:
        self._retries = retries
        self._max_reply_bytes = max_reply_bytes
        self._connect_timeout = connect_timeout
        self._proxied = proxy is not None and not is_loopback(urlsplit(base_url).hostname or "")
        self._transport = httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_connections=max_connections, max_keepalive_connections=20, keepalive_expiry=30),
            trust_env=False,
            proxy=proxy if self._proxied else None,
            verify=_certificates(elsewhere or not base_url.lower().startswith("http:")),
        )
        self._client = httpx.AsyncClient(
            base_url=base_url,
            timeout=httpx.Timeout(timeout, connect=connect_timeout),
            headers=dict(headers or {}),
            transport=self._transport,
            trust_env=False,
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params = None,
        json: Any = None,
        content: bytes | None = None,
        files: Files | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        raw: bool = False,
    ) -> Reply:
        """Send a request and return its complete reply, whatever its status. GET, HEAD and OPTIONS are retried.

        `path` is already encoded; `timeout` is in seconds; `raw` leaves the body's content encoding as it came.

        Raises:
            UpstreamUnreachable: there was no connection.
            UpstreamTimeout: the reply, or the rest of it, did not come.
            ReplyTooLarge: the body is over the limit.
            UpstreamError: the reply is not HTTP.
        """
        tries = self._retries if method.upper() in SAFE else 0
        for attempt in range(tries + 1):
            try:
                sent = {"params": params, "json": json, "content": content, "files": files}
                async with self._send(method, path, headers, timeout, **sent) as response:
                    if attempt < tries and response.status_code in WORTH_RETRYING:
                        wait = _wait(attempt, response.headers.get("retry-after"))
                    else:
                        return Reply(response.status_code, response.headers, await self._body(response, raw))
            except UpstreamError as error:
                if attempt == tries or isinstance(error, UpstreamTimeout | ReplyTooLarge):
                    raise
                wait = _wait(attempt, None)
            await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        params: Params = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[StreamReply]:
        """Send a request and return its reply as soon as the headers arrive. It is never retried.

        Raises:
            UpstreamUnreachable: there was no connection.
            UpstreamTimeout: the next bytes did not come; also raised while reading the chunks.
            UpstreamError: the connection broke; also raised while reading the chunks.
        """
        async with self._send(method, path, headers, timeout, params=params, content=content) as response:
            yield StreamReply(response.status_code, response.headers, response.aiter_raw())

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def __aenter__(self) -> "HttpClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @asynccontextmanager
    async def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None,
        timeout: float | None,
        **sent: Any,
    ) -> AsyncIterator[httpx.Response]:
        limit: Any = httpx.USE_CLIENT_DEFAULT
        if timeout is not None:
            limit = httpx.Timeout(timeout, connect=min(timeout, self._connect_timeout))
        try:
            request = self._client.build_request(method, path, headers=dict(headers or {}), timeout=limit, **sent)
        except httpx.InvalidURL as error:
            raise Unsendable(f"the address is not usable: {error}") from error
        except UnicodeEncodeError:
            raise Unsendable("the request cannot be sent: a header is not ASCII") from None
        target = f"{request.url.scheme}://{request.url.netloc.decode('ascii', 'replace')}"
        try:
            # Not by the client: it keeps cookies, one caller's for the next, and costs a third more.
            response = await self._transport.handle_async_request(request)
            try:
                yield response
            finally:
                await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            cause = _cause(error) + (", by way of UPSTREAM_PROXY" if self._proxied else "")
            message = f"no connection to {target} ({cause}): {error or type(error).__name__}"
            raise UpstreamUnreachable(message, cause=cause) from error
        except httpx.TimeoutException as error:
            raise UpstreamTimeout(f"no reply from {target} in time") from error
        except httpx.LocalProtocolError:  # its message shows the header
            raise UpstreamError(f"the request to {target} cannot be sent: a header or its length is wrong") from None
        except httpx.TransportError as error:
            raise UpstreamError(f"the connection to {target} broke: {error or type(error).__name__}") from error
        except httpx.DecodingError as error:
            raise UpstreamError(f"the reply of {target} cannot be decoded: {error}") from error

    async def _body(self, response: httpx.Response, raw: bool) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_raw() if raw else response.aiter_bytes():
            body += chunk
            if len(body) > self._max_reply_bytes:
                message = f"the upstream's reply is larger than {self._max_reply_bytes} bytes"
                raise ReplyTooLarge(message, status=response.status_code)
        return bytes(body)


@functools.cache
def _certificates(https: bool) -> ssl.SSLContext:
    """Read the trusted certificates once, which takes 40 ms: those of SSL_CERT_FILE or SSL_CERT_DIR, else certifi's.

    Without https none are read, and none are trusted.
    """
    return httpx.create_ssl_context(trust_env=True) if https else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _cause(error: BaseException) -> str:
    """Say why there is no connection, in words that name no address."""
    for inner in _chain(error):
        match inner:
            case ssl.SSLCertVerificationError():
                return f"its TLS certificate is not trusted: {inner.verify_message.partition(',')[0].lower()}"
            case ssl.SSLError():
                return "the TLS handshake failed"
            case socket.gaierror():
                return "its name is not known to DNS"
            case ConnectionRefusedError():
                return "connection refused"
            case httpx.ProxyError():
                return "the proxy refused"
            case TimeoutError() | httpx.TimeoutException():
                return "no connection in time"
    return "no connection"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield what an error was raised from, the first cause first."""
    if error is not None:
        yield from _chain(error.__cause__ or error.__context__)
        for one in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
            yield from _chain(one)
        yield error


def _wait(attempt: int, retry_after: str | None) -> float:
    if retry_after and retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after), LONGEST_WAIT_SECONDS)
    return float(min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**attempt) * random.uniform(0.5, 1.5))
