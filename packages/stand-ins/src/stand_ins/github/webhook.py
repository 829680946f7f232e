"""Sends what happens as GitHub's signed webhook, in the background, and keeps a log of the deliveries."""

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from service_kit.errors import UpstreamError, UpstreamTimeout
from service_kit.http import HttpClient

TIMEOUT_SECONDS = 10.0
KEPT_DELIVERIES = 1000
HOOK_ID = 480_001


def sign(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    """Sign a body as GitHub does, for X-Hub-Signature-256 (or, with sha1, the older X-Hub-Signature)."""
    return f"{algorithm}={hmac.new(secret.encode(), body, algorithm).hexdigest()}"


@dataclass(frozen=True)
class Hook:
    """Where deliveries go, and the secret they are signed with; without a secret they are not signed, as at GitHub."""

    url: str
    secret: str | None = None
    events: frozenset[str] = frozenset({"*"})


@dataclass
class Delivery:
    """One try to deliver an event. A redelivery is a new entry with the same `guid`.

    `status` is the receiver's HTTP status, 0 when there was no answer, None as long as the delivery is on its way.
    """

    id: int
    guid: str
    event: str
    action: str | None
    issue: int | None
    repository_id: int
    url: str
    redelivery: bool
    delivered_at: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    outcome: str = "pending"
    duration: float | None = None
    reply: str | None = None

    def shown(self) -> dict[str, Any]:
        """Give the entry as JSON, the payload parsed."""
        return asdict(self) | {"body": json.loads(self.body)}


class Deliveries:
    """The one hook, its log, and the tasks that send. Deliveries go out one after the other; none is retried."""

    def __init__(self, hook: Hook | None, *, clock: Callable[[], datetime]) -> None:
        self.hook = hook
        self.log: dict[int, Delivery] = {}
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._last_id = 0

    def announce(self, event: str, payload: dict[str, Any], repository_id: int) -> Delivery | None:
        """Send an event, unless no hook wants it; returns before it is delivered."""
        hook = self.hook
        if hook is None or not hook.events & {"*", event}:
            return None
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        about = payload.get("issue") or {}
        self._last_id += 1
        return self._send(
            Delivery(
                id=self._last_id,
                guid=str(uuid.uuid4()),
                event=event,
                action=payload.get("action"),
                issue=about.get("number"),
                repository_id=repository_id,
                url=hook.url,
                redelivery=False,
                delivered_at=self._clock().isoformat(),
                body=body,
            ),
            hook,
        )

    def redeliver(self, delivery_id: int) -> Delivery:
        """Send a delivery once more, to the present hook; KeyError when there is none of that id."""
        old = self.log[delivery_id]
        hook = self.hook or Hook(old.url)
        self._last_id += 1
        again = replace(
            old,
            id=self._last_id,
            url=hook.url,
            redelivery=True,
            delivered_at=self._clock().isoformat(),
            status=None,
            outcome="pending",
            duration=None,
            reply=None,
        )
        return self._send(again, hook)

    async def settled(self) -> None:
        """Wait until nothing is on its way any more."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def aclose(self) -> None:
        """Give up what is on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _send(self, delivery: Delivery, hook: Hook) -> Delivery:
        delivery.headers = _headers(delivery, hook.secret)
        self.log[delivery.id] = delivery
        while len(self.log) > KEPT_DELIVERIES:
            del self.log[next(iter(self.log))]
        task = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return delivery

    async def _deliver(self, delivery: Delivery) -> None:
        parts = urlsplit(delivery.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        async with self._turn:
            started = time.monotonic()
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    base = f"{parts.scheme}://{parts.netloc}"
                    async with HttpClient(base_url=base, timeout=TIMEOUT_SECONDS, retries=0) as http:
                        reply = await http.request("POST", path, content=delivery.body, headers=delivery.headers)
                delivery.outcome = "OK" if reply.ok else "Invalid HTTP Response"
                delivery.status, delivery.reply = reply.status, reply.text[:10_000]
            except (TimeoutError, UpstreamTimeout):
                delivery.status, delivery.outcome = 0, "timed out"
            except UpstreamError as error:
                delivery.status, delivery.outcome, delivery.reply = 0, "failed to connect", str(error)
            delivery.duration = round(time.monotonic() - started, 3)


def _headers(delivery: Delivery, secret: str | None) -> dict[str, str]:
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": f"GitHub-Hookshot/{hashlib.sha256(delivery.guid.encode()).hexdigest()[:7]}",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(HOOK_ID),
        "X-GitHub-Hook-Installation-Target-ID": str(delivery.repository_id),
        "X-GitHub-Hook-Installation-Target-Type": "repository",
    }
    if secret:
        headers["X-Hub-Signature"] = sign(secret, delivery.body, "sha1")
        headers["X-Hub-Signature-256"] = sign(secret, delivery.body)
    return headers
