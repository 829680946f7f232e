"""What is peculiar to a vendor: its credentials, its limits, its addresses."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from service_kit.http import Reply
from service_kit.json_text import Json
from service_kit.rate_limit import Limit
from service_kit.renewal import Renewal, Renewed
from service_kit.vendor_limit_shares import Window

from api_kit.classify import Classify, by_status
from api_kit.routes import Fetch, Route

EVERYTHING = "*"


Exchange = Callable[[str, str, Mapping[str, str]], Awaitable[Reply]]
"""Sends a request to the vendor: method, path and headers."""


@dataclass(frozen=True)
class Opening:
    """What opens the vendor now.

    Attributes:
        headers: sent with each request.
        answers: what `Fetch` returns of these paths without a request: what the vendor tells the credential's owner and
            not its bearer, such as by which account it writes.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    answers: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Credential:
    """What opens the vendor for a tenant: headers that stay as they are, or such as end and are renewed.

    Attributes:
        name: no secret; the vendor's limits, failures and cached replies are counted and kept under it. It stays the
            same when the credential is renewed.
        headers: those that stay as they are.
        renew: asks the vendor for what opens it for a time. Before a session, what ends soon is renewed: by one session
            at a time, while the others use the present one. A failure counts only once the present one has ended.
    """

    name: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    renew: Callable[[Exchange], Awaitable[Renewed[Opening]]] | None = field(default=None, repr=False)

    @cached_property
    def _renewal(self) -> Renewal[Opening]:
        return Renewal(self.name)

    async def open(self, exchange: Exchange) -> Opening:
        """Return what opens the vendor now.

        Raises:
            Refusal: it has ended, and the vendor gives no new one.
        """
        if self.renew is None:
            return Opening(self.headers)
        return await self._renewal.current(partial(self.renew, exchange))

    def drop(self, opening: Opening) -> None:
        """Forget what the vendor refused, so that the next session renews it."""
        if self.renew is not None:
            self._renewal.drop(opening)


@dataclass(frozen=True)
class Pause:
    """The vendor asks for a pause: of a bucket (a route's tier), or of `EVERYTHING`.

    It grows, doubling when the vendor asks again, where the vendor did not say how long.
    """

    bucket: str
    seconds: float
    grows: bool = False


@dataclass(frozen=True)
class UpstreamVendor:
    """What is peculiar to a vendor.

    Attributes:
        name: as in grants and access.yaml.
        credential: finds the credential of a tenant.
        headers: sent with every request: user agent, version.
        pauses: reads the vendor's limits off a reply; it also takes the tier of the route.
        window: reads off a reply how much is left of the limit that it counted in; it also takes the tier of the route.
        link: returns the web address of the thing that a write made, from its reply.
        classify: says what a reply means; a route may have its own.
        account: asks the vendor by which account a credential writes, as events name it; None where it does not tell.
        relocate: turns the path of a same-host redirect into a path of the table; it may ask the vendor.
        limits: returns the vendor's own limits for requests of a route; the gateway keeps them before the vendor does.
        places: the whole addresses of paths that are not below the base URL.
        side_hosts: other hosts, as `files.example` or `*.example`, for uploads and downloads.
    """

    name: str
    credential: Callable[[str], Credential]
    headers: Mapping[str, str] = field(default_factory=dict)
    pauses: Callable[[Reply, str], Sequence[Pause]] = lambda reply, tier: ()
    window: Callable[[Reply, str], Window | None] = lambda reply, tier: None
    link: Callable[[Json], str | None] = lambda document: None
    classify: Classify = by_status
    account: Callable[[Fetch], Awaitable[str | None]] | None = None
    relocate: Callable[[str, Fetch], Awaitable[str | None]] | None = None
    limits: Callable[[Route], Sequence[Limit]] = lambda route: ()
    places: Mapping[str, str] = field(default_factory=dict)
    side_hosts: frozenset[str] = frozenset()
