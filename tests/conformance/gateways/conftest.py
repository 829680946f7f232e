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
from conformance.gateways.record import Ask, GatewayRecord
from conformance.gateways.registry import RECORDS
from fixtures.gateway import Served, running_task, served
from fixtures.serving import serving
from stand_ins.kit.app import StandInApp
from stand_ins.kit.faults import Fault, Match


@dataclass(frozen=True)
class Subject:
    """A gateway under test, its record, its stand-in, and the task that calls it."""

    record: GatewayRecord
    api: Served
    app: StandInApp[Any]
    task: UUID
    attempt: int

    async def ask(self, ask: Ask, grant: Grant | None = None) -> httpx.Response:
        """Send a request for the task, under the record's grant unless another is given."""
        return await self.api.ask(
            ask.method,
            ask.target,
            token=self.api.token(grant or self.record.grant, task=self.task, attempt=self.attempt),
            tool=ask.tool,
            body=ask.body,
            content=ask.form.encode() if ask.form is not None else None,
            headers={"content-type": "application/x-www-form-urlencoded"} if ask.form is not None else None,
        )

    def fault(self, fault: str, *, method: str = "POST", **more: Any) -> None:
        """Order a fault that strikes the next request with a method."""
        self.app.controls.gate.faults.append(Fault(fault=fault, match=Match(method=method), **more))

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The requests that reached the vendor, oldest first."""
        return list(self.app.controls.log.entries)

    async def count(self) -> int:
        """Count the things in the list."""
        return len(self.record.rows((await self.ask(self.record.listing(100))).json()))


@pytest.fixture(params=sorted(RECORDS))
async def subject(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    database_url: str,
    pool: asyncpg.Pool,
) -> AsyncIterator[Subject]:
    """Return each vendor's gateway in turn."""
    record = RECORDS[request.param]
    app = record.stand_in()
    async with (
        serving(app) as upstream,
        served(
            tmp_path, database_url, record.vendor(), record.table(), upstream_url=upstream, tenant=record.grant
        ) as api,
    ):
        task, attempt = await running_task(pool)
        yield Subject(record, api, app, task, attempt)
