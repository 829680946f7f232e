"""A credential that ends is renewed before a session, by whatever way its vendor has."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from api_kit import Credential, Exchange, Json, Opening, Refusal, UpstreamVendor
from api_kit.upstream import Upstream
from fixtures.serving import serving
from service_kit.http import HttpClient
from service_kit.renewal import Renewed
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


@dataclass
class Vendor:
    """Gives tokens, each of which opens it until it is taken back."""

    given: list[str] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    refuses: bool = False
    seconds: float = 3600.0
    shown: list[str] = field(default_factory=list)

    async def token(self, request: Request) -> Response:
        """Give a token to whoever shows the key."""
        await asyncio.sleep(0.02)
        if self.refuses or request.headers["authorization"] != "Key k":
            return JSONResponse({}, 403)
        self.given.append(f"t{len(self.given) + 1}")
        self.open.add(self.given[-1])
        return JSONResponse({"token": self.given[-1]})

    async def thing(self, request: Request) -> Response:
        """Show a thing to whoever shows a token."""
        self.shown.append(request.headers["authorization"].removeprefix("Bearer "))
        known = self.shown[-1] in self.open
        return JSONResponse({"name": "thing"} if known else {}, 200 if known else 401)

    async def renew(self, exchange: Exchange) -> Renewed[Opening]:
        """Ask for a token with the key."""
        reply = await exchange("POST", "/token", {"authorization": "Key k"})
        if not reply.ok:
            raise Refusal("credential_refused", "the key opens nothing")
        opening = Opening({"authorization": f"Bearer {reply.json()['token']}"}, {"/me": {"login": "bot"}})
        return Renewed(opening, self.seconds)


@dataclass
class Way:
    """The way to the vendor."""

    vendor: Vendor
    upstream: Upstream
    credential: Credential

    async def fetch(self, path: str = "/thing") -> Json:
        """Read a path in a session of its own."""
        async with self.upstream.session(self.credential) as session:
            return await session.fetch(path)


@pytest.fixture
async def way() -> AsyncIterator[Way]:
    """The way to a vendor whose credential is renewed."""
    vendor = Vendor()
    routes = [Route("/token", vendor.token, methods=["POST"]), Route("/thing", vendor.thing)]
    credential = Credential("renewed", renew=vendor.renew)
    record = UpstreamVendor(name="vendor", credential=lambda tenant: credential)
    async with serving(Starlette(routes=routes)) as url, HttpClient(base_url=url, retries=0) as http:
        yield Way(vendor, Upstream(http, base_url=url, vendor=record), credential)


async def test_sessions_share_one_renewal(way: Way) -> None:
    """Ten sessions at once ask for one token, and each shows it; the key goes to no other path."""
    await asyncio.gather(*(way.fetch() for _ in range(10)))
    assert way.vendor.given == ["t1"]
    assert way.vendor.shown == ["t1"] * 10


async def test_a_token_that_ends_is_renewed_and_the_old_one_kept_meanwhile(way: Way) -> None:
    """A refused early renewal leaves the old token in use; once none lives, the refusal is the caller's, unsent."""
    way.vendor.seconds = 0.0
    await way.fetch()
    await way.fetch()
    assert way.vendor.given == ["t1", "t2"]
    way.vendor.refuses = True
    with pytest.raises(Refusal, match="the key opens nothing") as refused:
        await way.fetch()
    assert (refused.value.reason, way.vendor.shown) == ("credential_refused", ["t1", "t2"])


async def test_a_token_that_the_vendor_took_back_is_asked_for_anew(way: Way) -> None:
    """After a 401 the next session has a new token; the one that met it is told, and sends nothing twice."""
    await way.fetch()
    way.vendor.open.clear()
    with pytest.raises(Refusal, match="401"):
        await way.fetch()
    assert await way.fetch() == {"name": "thing"}
    assert way.vendor.shown == ["t1", "t1", "t2"]


async def test_what_the_owner_knows_is_not_asked_of_the_bearer(way: Way) -> None:
    """What came with the token answers a look without a request."""
    assert await way.fetch("/me") == {"login": "bot"}
    assert way.vendor.shown == []
