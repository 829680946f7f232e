"""The two protocols of sources: `WebhookSource` is called by a vendor, `FeedSource` asks a vendor itself.

A source is found by the entry point group `agent_bot.webhook_sources`: the name is the part of the path in
`POST /v1/webhooks/{source}`, the value a class without arguments.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from service_kit.settings import Settings
from starlette.responses import Response

from control_api.errors import Refusal, answer


@dataclass(frozen=True)
class WebhookRequest:
    """One request to a webhook, as it was received.

    Attributes:
        body: the raw bytes, which are what vendors sign.
        headers: by lower-case name. Most vendors do not sign them.
        now: the time of receiving, in seconds since 1970.
    """

    body: bytes
    headers: Mapping[str, str]
    now: float


@dataclass(frozen=True)
class SourceEvent:
    """One event of a source.

    Attributes:
        name: what triggers listen to.
        payload: what triggers filter by and fill their templates from.
        identity: 32 bytes, the same for the same event however it arrived; computed from signed content only.
        accounts: every id of the account that caused it; the first is the actor. Empty where nobody is known.
        resources: what it is about, by the kind of resource of the vendor's record.
        action: what happened to it, for a trigger's `action`; None where the source has no such thing.
        conditions: the event's values for the source's own conditions of triggers.
        delivery_id: the vendor's number of this sending. It is logged, and decides nothing: it may be forged.
    """

    name: str
    payload: dict[str, Any]
    identity: bytes
    accounts: tuple[str, ...] = ()
    resources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    action: str | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)
    delivery_id: str = ""


class SourceSettings(Settings):
    """What a source reads from the environment for its instance without a name."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets in force; several while one is replaced."""
        return ()

    @property
    def own_accounts(self) -> tuple[str, ...]:
        """Our own accounts: what they cause starts nothing."""
        return ()


class WebhookSource(Protocol):
    """What control must know of one kind of webhook. Inherit from it to have the defaults.

    Attributes:
        name: as in its entry point and in `access.yaml`.
        vendor: whose resources its events are about, as in grants.
        title: its name for people.
        settings: the variables of its instance without a name.
        events: the events that triggers may listen to.
        conditions: keys of triggers that only this source has, each with the values that it may take.
        repeat_seconds: after how long the same event is a new one, as with an alert that still fires. None: never.
    """

    name: str
    vendor: str
    title: str
    settings: type[SourceSettings] = SourceSettings
    events: Collection[str]
    conditions: Mapping[str, Collection[str]] = {}
    repeat_seconds: float | None = None

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> None:
        """Check that whoever holds one of the secrets sent this body, and recently where the vendor signs a time.

        Raises:
            Refusal: it is not so; status 401 and reason `signature`.
        """
        ...

    def challenge(self, request: WebhookRequest) -> Response | None:
        """Answer a verified request by which the vendor only tries the address; None for every other request."""
        return None

    def read(self, request: WebhookRequest) -> SourceEvent:
        """Read the event of a verified request.

        Raises:
            Refusal: the body is none of this source's.
        """
        ...

    def event(self, name: str, payload: dict[str, Any]) -> SourceEvent:
        """Make the event of a payload, as `read` does and as `POST /v1/triggers/test` asks.

        Raises:
            Refusal: the payload is not of that event.
        """
        ...

    def reply(self, document: dict[str, Any], status: int) -> Response:
        """Answer an accepted event: 202 means that tasks were made, 200 that there was nothing to do."""
        return answer(document, status)

    def refused(self, refusal: Refusal) -> Response | None:
        """Answer a verified request that control does not carry out; None for the usual answer.

        For a vendor that sends again, or stops sending, after an error.
        """
        return None


class FeedSource(Protocol):
    """A source that asks or watches a vendor itself. No process runs one yet.

    One control at a time, which holds the source's advisory lock, runs `follow` as a supervised loop.
    """

    name: str
    vendor: str

    async def follow(self, take: Callable[[SourceEvent], Awaitable[None]]) -> None:
        """Give each event to `take`, and go on only when it returned: then the event is committed."""
        ...
