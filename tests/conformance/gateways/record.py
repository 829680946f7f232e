"""What a vendor's tests say once of its gateway, so that the suite can hold it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from agent_contracts import Grant
from api_kit import Json, Table, UpstreamVendor
from stand_ins.kit.app import StandInApp
from stand_ins.kit.faults import Fault


@dataclass(frozen=True)
class Ask:
    """A request of a client; `body` is sent as JSON, `form` urlencoded."""

    method: str
    target: str
    tool: str | None = None
    body: Any = None
    form: str | None = None


@dataclass(frozen=True)
class Writes:
    """A request for each route that writes, so that each can be tried with a lost reply.

    Attributes:
        grant: what the requests' task and service may do.
        asks: by the route's name what makes a request of the stand-in as it is at its start, which it may prepare; the
            route has its method and tool.
        state: what the stand-in holds, of which times, ids of commits and effects may differ.
    """

    grant: Grant
    asks: Mapping[str, Callable[[Any], Ask]]
    state: Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class GatewayRecord:
    """A vendor's gateway. It has `create`, or `changes` with `changed`, or all three.

    Attributes:
        vendor: makes what is peculiar to the vendor, with the credential that the stand-in takes.
        table: makes its routes.
        stand_in: makes the stand-in.
        grant: what the tests' task may do, with mode write.
        read: a read of a thing within the grant.
        create: a write that is not idempotent, and makes a thing: `held` counts one more.
        changes: an idempotent write that sets a state which is not set at the start.
        changed: takes the stand-in, and says whether `changes` was done.
        required: how a skill requires `create`, or `changes` where there is no `create`: `server/tool[field]@TARGET`.
        listing: the first page of a list, of so many rows at most; a vendor whose pages have a fixed length ignores it.
        rows: returns the rows of a list's reply.
        following: returns the request for the page after a reply, None at the end.
        held: takes the stand-in, and counts the rows of the list; at the start these are more than a page.
        elsewhere: reads and writes of what is outside the grant.
        hostile: requests whose names lead elsewhere, or are none.
        foreign: a reply to `read` that is of another resource.
        limited: how the vendor refuses a write for its limit, for a second.
        every_write: a request for each route that writes; None where `writes` and `harmless` are of all of them.
        dangerous: writes that go out for a task only as a proposal; and one of the same route that goes out at once.
    """

    vendor: Callable[[], UpstreamVendor]
    table: Callable[[], Table]
    stand_in: Callable[[], StandInApp[Any]]
    grant: Grant
    read: Ask
    create: Ask | None = None
    changes: Ask | None = None
    changed: Callable[[Any], bool] | None = None
    required: str
    listing: Callable[[int], Ask]
    rows: Callable[[Any], list[Any]]
    following: Callable[[httpx.Response, Ask], Ask | None]
    held: Callable[[Any], int]
    elsewhere: tuple[Ask, ...]
    hostile: tuple[Ask, ...]
    foreign: Any
    limited: Fault
    every_write: Writes | None = None
    dangerous: tuple[Ask, ...] = ()
    harmless: tuple[Ask, ...] = ()

    def __post_init__(self) -> None:
        if not self.writes or (self.changes is None) != (self.changed is None):
            raise TypeError("a gateway's record has `create`, or `changes` and `changed`, or all three")

    @property
    def writes(self) -> dict[str, Ask]:
        """The writes that the record has, by the field's name."""
        given = {"create": self.create, "changes": self.changes}
        return {name: ask for name, ask in given.items() if ask is not None}

    @property
    def write(self) -> Ask:
        """The first of its writes, for rules that hold for each alike."""
        return next(iter(self.writes.values()))


def by_link(reply: httpx.Response, ask: Ask) -> Ask | None:
    """Follow `Link`: rel="next"."""
    url = reply.links.get("next", {}).get("url")
    return Ask("GET", httpx.URL(url).raw_path.decode()) if url else None


def objects(document: Json) -> list[dict[str, Json]]:
    """Return the rows of a list; what is no object is an empty one, and what is no list is one row of that kind."""
    rows = document if isinstance(document, list) else [document]
    return [row if isinstance(row, dict) else {} for row in rows]
