"""Sends what happens as a vendor's signed webhook, in the background, and keeps a log of the deliveries."""

import asyncio
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from service_kit.errors import UpstreamError, UpstreamTimeout
from service_kit.http import HttpClient

TIMEOUT_SECONDS = 10.0
KEPT_DELIVERIES = 1000
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Read the wall clock in whole seconds, as most vendors tell time."""
    return datetime.now(UTC).replace(microsecond=0)


def hmac_hex(secret: str, content: bytes, algorithm: str = "sha256") -> str:
    """Return the HMAC of a content in hexadecimal digits."""
    return hmac.new(secret.encode(), content, algorithm).hexdigest()


@dataclass(frozen=True)
class Hook:
    """Where deliveries go, and the secret they are signed with; without a secret they are not signed."""

    url: str
    secret: str | None = None
    events: frozenset[str] = frozenset({"*"})


@dataclass
class Delivery:
    """One try to deliver an event. A redelivery is a new entry with the same `guid`.

    `about` holds what the vendor wants shown beside it. `status` is the receiver's HTTP status, 0 when there was no
    answer, None as long as the delivery is on its way. `duration` is in seconds.
    """

    id: int
    guid: str
    event: str
    url: str
    redelivery: bool
    at: datetime
    body: bytes = field(repr=False)
    about: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    outcome: str = "pending"
    duration: float | None = None
    reply: str | None = None

    def shown(self) -> dict[str, Any]:
        """Return the entry as JSON, the payload parsed."""
        shown = {name: value for name, value in vars(self).items() if name not in {"about", "at", "body"}}
        return shown | self.about | {"delivered_at": self.at.isoformat(), "body": json.loads(self.body)}


Headers = Callable[[Delivery, str | None], Mapping[str, str]]
"""Makes a delivery's headers, signed with the secret when there is one."""


class Deliveries:
    """The one hook, its log, and the tasks that send. Deliveries go out one after the other; none is retried.

    Args:
        headers: makes the vendor's headers of a delivery.
        hook: where webhooks go; it can be set later.
        clock: tells the time.
    """

    def __init__(self, headers: Headers, hook: Hook | None = None, *, clock: Clock = utc_now) -> None:
        self.hook = hook
        self.log: dict[int, Delivery] = {}
        self._headers = headers
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._last_id = 0

    def announce(self, event: str, payload: Mapping[str, Any], **about: Any) -> Delivery | None:
        """Send an event, unless no hook wants it; returns before it is delivered."""
        hook = self.hook
        if hook is None or not hook.events & {"*", event}:
            return None
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        return self._send(
            Delivery(self._next_id(), str(uuid.uuid4()), event, hook.url, False, self._clock(), body, about=about), hook
        )

    def redeliver(self, delivery_id: int) -> Delivery:
        """Send a delivery once more, to the present hook; KeyError when there is none of that id."""
        old = self.log.get(delivery_id)
        if old is None:
            raise KeyError(f"there is no delivery {delivery_id}")
        hook = self.hook or Hook(old.url)
        again = Delivery(self._next_id(), old.guid, old.event, hook.url, True, self._clock(), old.body, about=old.about)
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

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _send(self, delivery: Delivery, hook: Hook) -> Delivery:
        delivery.headers = {"Content-Type": "application/json", **self._headers(delivery, hook.secret)}
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
