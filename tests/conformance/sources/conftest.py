"""A control with every source of the suite, each with two instances of two tenants."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import agent_effects
import asyncpg
import pytest
import yaml
from agent_effects import Write
from agent_ledger import SkillRow, register_skills
from conformance.sources.chatter import CHATTER
from conformance.sources.github import GITHUB
from conformance.sources.record import Sample
from conformance.sources.siren import SIREN
from control_api.sources.registry import Sources
from fixtures.control import built
from fixtures.serving import serving
from service_kit.http import HttpClient, Reply
from service_kit.watched import LOOK_EVERY_SECONDS

SAMPLES = {sample.source.name: sample for sample in (GITHUB, CHATTER, SIREN)}
SECRET, OLD_SECRET, OTHER_SECRET = "the-secret-in-force", "the-secret-before", "the-secret-of-another-tenant"
LIMIT = 5_000


@dataclass
class Hook:
    """The webhooks of one source at a running control."""

    sample: Sample
    http: HttpClient
    pool: asyncpg.Pool
    folder: Path
    sendings: list[float] = field(default_factory=list)

    async def send(
        self, payload: dict[str, Any] | None = None, *, secret: str = SECRET, instance: str = "", **headers: str
    ) -> Reply:
        """Send an event, the sample's by default, as one more sending."""
        return await self.send_raw(
            self.sample.sent(self.sample.payload if payload is None else payload),
            secret=secret,
            instance=instance,
            **headers,
        )

    async def send_raw(self, body: bytes, *, secret: str = SECRET, instance: str = "", **headers: str) -> Reply:
        """Send a body, signed."""
        self.sendings.append(time.time())
        sent = dict(self.sample.signed(body, secret, time.time(), len(self.sendings)))
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/v1/webhooks/{self.sample.source.name}" + (f"/{instance}" if instance else "")
        return await self.http.request("POST", path, content=body, headers=sent)

    async def also(self, trigger: dict[str, Any]) -> None:
        """Add a trigger like the first, and wait until control looks at the file again."""
        file = self.folder / "triggers.yaml"
        [first] = yaml.safe_load(file.read_text())["triggers"]
        file.write_text(yaml.safe_dump({"triggers": [first, first | trigger]}))
        await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def effect(self, tenant: str) -> UUID:
        """Keep an effect of the vendor's gateway that is under way at the sample's resource."""
        [[target]] = self.sample.resources.values()
        write = Write(
            id=uuid4(),
            tenant=tenant,
            caller="some-mcp",
            vendor=self.sample.source.vendor,
            route="any",
            target=target,
            method="POST",
            request={},
        )
        await agent_effects.begin(self.pool, write)
        return write.id

    async def tasks(self) -> list[tuple[str, str]]:
        """Give tenant and actor of each task."""
        rows = await self.pool.fetch("select tenant, body from ledger.tasks order by id")
        return [(row["tenant"], row["body"]["actor"]["id"]) for row in rows]


@pytest.fixture(params=list(SAMPLES.values()), ids=list(SAMPLES))
async def hook(request: pytest.FixtureRequest, pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Hook]:
    """One source at a running control; its secrets are in files and a variable."""
    sample: Sample = request.param
    write(tmp_path, sample)
    await register_skills(pool, [SkillRow(name="look", version="v1", engine="claude", model="m", description="d")])
    sources = Sources(webhooks={sample.source.name: sample.source})
    environ = {"OTHER_SECRET": OTHER_SECRET, "MAX_WEBHOOK_BYTES": str(LIMIT)}
    app = built(tmp_path, pool, sources=sources, **environ)
    async with serving(app) as url, HttpClient(base_url=url) as http:
        yield Hook(sample, http, pool, tmp_path)


def write(folder: Path, sample: Sample) -> None:
    """Write the files of control."""
    name, vendor = sample.source.name, sample.source.vendor
    bound = {"resources": sample.resources, "mode": "write"}
    door = {"tenant": "acme", "skills": ["look"], "vendors": {vendor: bound}, "own_accounts": ["Our-Own"]}
    (folder / "new.secret").write_text(f"{SECRET}\n")
    (folder / "old.secret").write_text(OLD_SECRET)
    files = [f"file:{folder}/new.secret", f"file:{folder}/old.secret"]
    webhooks = {
        name: {**door, "secrets": files},
        f"{name}/twin": {**door, "secrets": files},
        f"{name}/other": {**door, "tenant": "globex", "secrets": ["env:OTHER_SECRET"]},
        f"{name}/bare": door,
    }
    trigger = {"name": "look-at-it", "source": name, "event": sample.event, "skill": "look", "input": "Look."}
    (folder / "access.yaml").write_text(yaml.safe_dump({"webhooks": webhooks}))
    (folder / "triggers.yaml").write_text(yaml.safe_dump({"triggers": [trigger]}))
