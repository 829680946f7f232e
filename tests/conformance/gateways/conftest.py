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
from stand_ins.kit.faults import Match


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

    def fault(self, fault: str, *, method: str, **more: Any) -> None:
        """Order a fault that strikes the next request with a method."""
        self.api.fault(fault, method=method, **more)

    def limit(self, method: str) -> None:
        """Let the vendor refuse the next request with a method for its limit, for a second."""
        fault = self.record.limited.model_copy(update={"match": Match(method=method)})
        self.api.app.controls.gate.faults.append(fault)

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The requests that reached the vendor, oldest first."""
        return self.api.seen


@dataclass(frozen=True)
class Write:
    """One of a record's writes, and what the vendor's stand-in shows of it.

    Attributes:
        name: the record's field, `create` or `changes`.
        ask: the request.
        record: the vendor's.
        stand_in: the vendor's memory.
        before: how many rows its list held at the start.
    """

    name: str
    ask: Ask
    record: GatewayRecord
    stand_in: Any
    before: int

    def expect(self, *, done: bool) -> None:
        """Fail unless the vendor did the write once, or did not do it."""
        if self.name == "create":
            now, wanted = self.record.held(self.stand_in), self.before + done
            told = (
                f"`create` makes one row that `held` counts: {self.before} before, {wanted} were due, {now} are there"
            )
            assert now == wanted, told
        else:
            assert self.record.changed is not None
            shown = self.record.changed(self.stand_in)
            assert shown == done, f"`changed` says whether `changes` was done: {done} was due, it says {shown}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test for each record; with `write`, `creation` or `change` for each of its writes of that kind."""
    kinds = {"write": ("create", "changes"), "creation": ("create",), "change": ("changes",)}
    for fixture in kinds.keys() & set(metafunc.fixturenames):
        found = [
            (vendor, kind) for vendor, one in sorted(RECORDS.items()) for kind in kinds[fixture] if kind in one.writes
        ]
        metafunc.parametrize(("subject", fixture), found, indirect=True)
        return
    if "subject" in metafunc.fixturenames:
        metafunc.parametrize("subject", sorted(RECORDS), indirect=True)


@pytest.fixture
def write(subject: Subject, request: pytest.FixtureRequest) -> Write:
    """Return each write of the record in turn."""
    record, stand_in = subject.record, subject.api.app.stand_in
    found = Write(request.param, record.writes[request.param], record, stand_in, record.held(stand_in))
    found.expect(done=False)
    return found


creation, change = write, write
"""The write that makes a thing, and the one that sets a state."""


@pytest.fixture
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
