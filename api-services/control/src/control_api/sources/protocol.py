"""The two protocols of sources: `WebhookSource` is called by a vendor, `FeedSource` asks a vendor itself.

Sources are found by the entry point groups `agent_bot.webhook_sources` and `agent_bot.feed_sources`: the name is the
source's, which is also the part of the path in `POST /v1/webhooks/{source}`; the value is a class without arguments.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from agent_effects import Change
from agent_vendors import ResourceKind
from service_kit.access import SourceDoor
from service_kit.json_text import Json
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
        resources: what it is about, by the kind of the vendor's record.
        action: what happened to it, for a trigger's `action`; None where the source has no such thing.
        conditions: the event's values for the source's own conditions of triggers.
        change: what was made or changed, by which an event that an effect of ours caused is known; None where no
            gateway writes such things.
        delivery_id: the vendor's number of this sending. It is logged, and decides nothing: it may be forged.
    """

    name: str
    payload: dict[str, Any]
    identity: bytes
    accounts: tuple[str, ...] = ()
    resources: Mapping[ResourceKind, Sequence[str]] = field(default_factory=dict)
    action: str | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)
    change: Change | None = None
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


class Source(Protocol):
    """What control must know of every source, however its events come.

    Attributes:
        name: as in its entry point and in `access.yaml`.
        vendor: whose resources its events are about, as in grants.
        title: its name for people.
        origin: the `origin.kind` of the tasks that its events start.
        settings: the variables of its instance without a name.
        events: the events that triggers may listen to.
        conditions: keys of triggers that only this source has, each with the values that it may take.
        repeat_seconds: after how long the same event is a new one, as with an alert that still fires. None: never.
    """

    name: str
    vendor: str
    title: str
    origin: str
    settings: type[SourceSettings] = SourceSettings
    events: Collection[str]
    conditions: Mapping[str, Collection[str]] = {}
    repeat_seconds: float | None = None

    def event(self, name: str, payload: dict[str, Any]) -> SourceEvent:
        """Make the event of a payload, as when it comes in and as `POST /v1/triggers/test` asks.

        Raises:
            Refusal: the payload is not of that event.
        """
        ...


SourceT_co = TypeVar("SourceT_co", bound=Source, covariant=True)


@dataclass(frozen=True)
class Instance(Generic[SourceT_co]):
    """One instance of a source: an entry of `access.yaml`.

    Attributes:
        source: what its events look like.
        name: what distinguishes it from the source's other instances; empty for the one without a name.
        door: the tenant, skills and bounds of what it starts.
        settings: the source's own variables.
        secrets: those in force.
        own_accounts: our own accounts, in lower case: what they cause starts nothing.
    """

    source: SourceT_co
    name: str
    door: SourceDoor
    settings: SourceSettings
    secrets: tuple[str, ...]
    own_accounts: frozenset[str]

    @property
    def key(self) -> str:
        """Its name in `access.yaml`."""
        return key_of(self.source.name, self.name)


def key_of(source: str, name: str) -> str:
    """Give the name of an instance in `access.yaml`."""
    return f"{source}/{name}" if name else source


class WebhookSource(Source, Protocol):
    """What control must know of one kind of webhook. Inherit from it to have the defaults."""

    origin: str = "webhook"

    def verify(self, request: WebhookRequest, secrets: Sequence[str]) -> None:
        """Check that whoever holds one of the secrets sent this body, and recently where the vendor signs a time.

        Raises:
            Refusal: `signature`: it is not so.
        """
        ...

    def challenge(self, request: WebhookRequest) -> Response | None:
        """Answer a verified request by which the vendor only tries the address; None for every other request."""
        return None

    def read(self, request: WebhookRequest) -> SourceEvent:
        """Read the event of a verified request.

        Raises:
            Refusal: `content_type`, `json` or `event`: the body is none of this source's.
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


Take = Callable[[Sequence[SourceEvent], Json], Awaitable[None]]
"""Commits events and the position behind them, in one transaction."""


class FeedSource(Source, Protocol):
    """A source that asks or watches a vendor itself. Inherit from it to have the defaults."""

    origin: str = "feed"

    async def follow(self, instance: "Instance[FeedSource]", position: Json, take: Take) -> None:
        """Give what is new at the vendor to `take`, one call after another, and never return.

        One control at a time follows an instance. When this raises, it is called again after a wait, here or in another
        control, with the position that was committed last.

        Args:
            instance: whose settings and secrets to use, and what its door opens.
            position: where to go on, as `take` was last given it; None at the very first start.
            take: keeps events and the position behind them. When it returned, they are committed; when it raised,
                nothing of them is. No events keep the position alone.
        """
        ...
