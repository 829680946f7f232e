"""Each vendor's gateway over real HTTP, between a running task and the vendor's stand-in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from agent_contracts import Grant
from api_kit import reconciler
from conformance.gateways.record import Ask, GatewayRecord
from conformance.gateways.registry import RECORDS
from fixtures.gateway import House, running_task, served
from fixtures.serving import serving


@dataclass(frozen=True)
class Subject:
    """A gateway under test, its record, and the task that calls it."""

    record: GatewayRecord
    api: House
    task: UUID
    attempt: int

    async def ask(
        self,
        ask: Ask,
        grant: Grant | None = None,
        *,
        task: UUID | None = None,
        attempt: int | None = None,
        headers: dict[str, str] | None = None,
        url: str | None = None,
    ) -> httpx.Response:
        """Send a request for the task, under the record's grant, unless others are given."""
        form = {"content-type": "application/x-www-form-urlencoded"} if ask.form is not None else {}
        return await self.api.ask(
            ask.method,
            ask.target,
            token=self.api.token(grant, task=task or self.task, attempt=attempt or self.attempt),
            tool=ask.tool,
            body=ask.body,
            content=ask.form.encode() if ask.form is not None else None,
            headers={**form, **(headers or {})},
            url=url,
        )

    def fault(self, fault: str, *, method: str = "POST", **more: Any) -> None:
        """Order a fault that strikes the next request with a method."""
        self.api.fault(fault, method=method, **more)

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The requests that reached the vendor, oldest first."""
        return self.api.seen

    async def count(self) -> int:
        """Count the things in the list."""
        return len(self.record.rows((await self.ask(self.record.listing(100))).json()))


@pytest.fixture(params=sorted(RECORDS))
async def subject(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    database_url: str,
    pool: asyncpg.Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Subject]:
    """Return each vendor's gateway in turn; it looks all the time for what was approved or lost."""
    for name in ("SEND_SECONDS", "FIND_SECONDS"):
        monkeypatch.setattr(reconciler, name, 0.05)
    record = RECORDS[request.param]
    app, vendor, table = record.stand_in(), record.vendor(), record.table()
    async with (
        serving(app) as upstream,
        served(tmp_path, database_url, vendor, table, upstream_url=upstream, tenant=record.grant) as api,
    ):
        task, attempt = await running_task(pool)
        yield Subject(record, House(**vars(api), app=app, upstream_url=upstream), task, attempt)
