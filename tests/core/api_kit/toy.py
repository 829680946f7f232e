"""A vendor of a few routes, as small as a gateway can be: what Jira and Slack will need of the core."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

import httpx
from agent_contracts import Grant
from api_kit import Body, Call, Credential, Fetch, Json, Probe, Resource, Route, Table, UpstreamVendor
from api_kit.admission import Admission
from api_kit.app import build_gateway
from api_kit.audit import Audit
from api_kit.callers import Callers
from api_kit.effect_flow import EffectFlow
from api_kit.gateway import Gateway
from api_kit.settings import GatewaySettings
from api_kit.upstream import Upstream
from asyncpg import Pool
from fixtures.resource_kinds import CHANNELS, PROJECTS
from fixtures.serving import serving
from prometheus_client import CollectorRegistry
from service_kit.access import AccessFile
from service_kit.bearer import new_token, token_hash
from service_kit.http import HttpClient
from service_kit.keys import write_keys
from service_kit.rate_limit import RateLimiter
from service_kit.settings import load
from service_kit.tokens import Verifier
from starlette.types import Receive, Scope, Send

TOKEN, NEIGHBOURS_TOKEN = new_token("service"), new_token("service")


async def project_of(call: Call, fetch: Fetch) -> Sequence[str]:
    """Look a ticket's project up."""
    ticket = await fetch(f"/rest/tickets/{call.path['ticket']}")
    project = ticket.get("project") if isinstance(ticket, dict) else None
    return [project] if isinstance(project, str) else []


async def never_found(call: Call, effect: UUID, fetch: Fetch, since: datetime) -> Json:
    """Find nothing: what became of a message whose reply was lost stays unknown."""
    return None


TOOLS = frozenset({"say"})
TABLE = Table(
    [
        Route("GET", "/tickets/{ticket:number}", resources=(Resource(PROJECTS, "lookup", lookup=project_of),)),
        Route("GET", "/search", resources=(Resource(PROJECTS, "query", "{project}"),), query=frozenset({"project"})),
        Route(
            "POST",
            "/messages",
            access="write",
            tools=TOOLS,
            resources=(Resource(CHANNELS, "body", "{channel}"),),
            body=Body(frozenset({"channel", "text"})),
            verify_reply=lambda asked, reply: None,
            probe=Probe(never_found),
        ),
        Route("DELETE", "/projects/{project:name}", access="danger", tools=TOOLS, idempotent=True,
              resources=(Resource(PROJECTS, "path", "{project}"),)),
    ]
)  # fmt: skip


@dataclass
class Upstreams:
    """The vendor: answers what it is told to, and keeps what it saw."""

    replies: list[tuple[int, list[tuple[bytes, bytes]], bytes]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def says(self, document: Json, status: int = 200, **headers: str) -> None:
        """Set the next reply."""
        pairs = [(b"content-type", b"application/json")]
        pairs += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self.replies.append((status, pairs, json.dumps(document).encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        query = scope["query_string"].decode()
        self.seen.append(f"{scope['method']} {scope['raw_path'].decode()}" + (f"?{query}" if query else ""))
        self.bodies.append((await receive()).get("body", b""))
        status, headers, content = self.replies.pop(0)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


@dataclass
class Toy:
    """The gateway, its vendor, and clients with the tokens of two services."""

    url: str
    gateway: Gateway
    vendor: Upstreams
    client: httpx.AsyncClient
    neighbour: httpx.AsyncClient


@asynccontextmanager
async def toy(
    folder: Path,
    pool: Pool,
    grant: Grant,
    *,
    table: Table = TABLE,
    at: str | None = None,
    seconds: float = 20.0,
    side_hosts: frozenset[str] = frozenset(),
) -> AsyncIterator[Toy]:
    """Serve the gateway; the services open what the grant says.

    Args:
        folder: for its files.
        pool: the database.
        grant: what the services open.
        table: its routes.
        at: where another vendor is, in place of the one that answers what it is told to.
        seconds: how long a turn may take.
        side_hosts: other hosts of the vendor.
    """
    opens = {"toy": {**grant.model_dump(mode="json"), "tools": None}}
    services = {
        "tests": {"token_sha256": [token_hash(TOKEN)], "opens": opens},
        "neighbour": {"token_sha256": [token_hash(NEIGHBOURS_TOKEN)], "opens": opens},
    }
    (folder / "access.yaml").write_text(json.dumps({"services": services, "tenants": {"default": {"vendors": opens}}}))
    write_keys(folder / "key.json", folder / "jwks.json")
    files = {"ACCESS_FILE": str(folder / "access.yaml"), "AGENT_JWKS_FILE": str(folder / "jwks.json")}
    many = {"RATE_PER_SECOND": "1000", "RATE_BURST": "1000", "TENANT_RATE_PER_SECOND": "1000"}
    settings = load(GatewaySettings, {**files, **many, "DATABASE_URL": "postgresql://unused"})
    vendor = UpstreamVendor(
        name="toy",
        credential=lambda tenant: Credential(tenant, {"authorization": f"Basic {tenant}"}),
        side_hosts=side_hosts,
    )
    upstream = Upstreams()
    async with (
        serving(upstream) as own,
        HttpClient(base_url=at or f"{own}/rest/v1", retries=0, max_reply_bytes=5000) as http,
    ):
        base = at or f"{own}/rest/v1"
        registry, limiter = CollectorRegistry(), RateLimiter()
        gateway = Gateway(
            table=table,
            vendor=vendor,
            callers=Callers(
                AccessFile(settings.access_file), Verifier(settings.agent_jwks_file, audience="toy-api"), vendor="toy"
            ),
            admission=Admission(vendor, limiter, settings),
            upstream=Upstream(http, base_url=base, vendor=vendor, seconds=seconds, limiter=limiter),
            effects=EffectFlow(pool, vendor, patience=5.0),
            audit=Audit(registry, vendor="toy"),
        )
        app = build_gateway(gateway, checks={}, warnings={}, registry=registry)
        async with serving(app) as url, client_of(url, TOKEN) as client, client_of(url, NEIGHBOURS_TOKEN) as neighbour:
            yield Toy(url, gateway, upstream, client, neighbour)


def client_of(url: str, token: str) -> httpx.AsyncClient:
    """Make a client with a service's token."""
    return httpx.AsyncClient(verify=False, base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30)
