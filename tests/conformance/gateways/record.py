"""What a vendor's tests say once of its gateway, so that the suite can hold it."""

from collections.abc import Callable
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
class GatewayRecord:
    """A vendor's gateway.

    Attributes:
        vendor: makes what is peculiar to the vendor, with the credential that the stand-in takes.
        table: makes its routes.
        stand_in: makes the stand-in.
        grant: what the tests' task may do, with mode write.
        read: a read of a thing within the grant.
        create: a write that makes a thing; `listing` shows it.
        required: how a skill requires this write: `server/tool[field]@TARGET`.
        listing: the first page of a list, of so many rows at most.
        rows: returns the rows of a list's reply.
        following: returns the request for the page after a reply, None at the end.
        elsewhere: reads and writes of what is outside the grant.
        hostile: requests whose names lead elsewhere, or are none.
        foreign: a reply to `read` that is of another resource.
        limited: how the vendor refuses a write for its limit, for a second.
        dangerous: writes that go out for a task only as a proposal; and one of the same route that goes out at once.
    """

    vendor: Callable[[], UpstreamVendor]
    table: Callable[[], Table]
    stand_in: Callable[[], StandInApp[Any]]
    grant: Grant
    read: Ask
    create: Ask
    required: str
    listing: Callable[[int], Ask]
    rows: Callable[[Any], list[Any]]
    following: Callable[[httpx.Response, Ask], Ask | None]
    elsewhere: tuple[Ask, ...]
    hostile: tuple[Ask, ...]
    foreign: Any
    limited: Fault
    dangerous: tuple[Ask, ...] = ()
    harmless: tuple[Ask, ...] = ()


def by_link(reply: httpx.Response, ask: Ask) -> Ask | None:
    """Follow `Link`: rel="next"."""
    url = reply.links.get("next", {}).get("url")
    return Ask("GET", httpx.URL(url).raw_path.decode()) if url else None


def objects(document: Json) -> list[dict[str, Json]]:
    """Return the rows of a list; what is no object is an empty one, and what is no list is one row of that kind."""
    rows = document if isinstance(document, list) else [document]
    return [row if isinstance(row, dict) else {} for row in rows]
