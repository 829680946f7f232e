"""Corkboard's gateway with callers of every kind around it: tenants, services and people; also as a process."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import agent_ledger
import asyncpg
import httpx
from agent_contracts import Grant, TaskResult
from api_kit import GatewaySettings, run_gateway
from conformance.gateways.corkboard import RECORD
from fixtures.gateway import House, running_task, served
from fixtures.serving import serving
from service_kit.settings import load
from starlette.types import ASGIApp

NOTES = "/boards/team/notes"
LIST = f"{NOTES}?size=50"
KITCHEN = "/boards/kitchen/notes?size=50"
NOTE = {"title": "Cat", "text": "feed it"}
TEAM = {"resources": {"boards": ["team"]}}
BOTH = Grant.model_validate({"resources": {"boards": ["team", "kitchen"]}, "mode": "write"})
WIDE = {"resources": BOTH.resources, "mode": "write"}


def at_corkboard(bound: Mapping[str, Any], tenant: str = "default") -> dict[str, Any]:
    """Make a person's entry."""
    return {"tenant": tenant, "vendors": {"corkboard": bound}}


ACCESS: dict[str, dict[str, Any]] = {
    "tenants": {
        "acme": {"vendors": {"corkboard": WIDE}},
        "careful": {"vendors": {"corkboard": {**WIDE, "mode": "read"}}},
        "elsewhere": {"vendors": {"jira": {}}},
    },
    "services": {
        "reader": {"opens": {"corkboard": TEAM}},
        "helper": {"opens": {"corkboard": {**TEAM, "mode": "write"}}},
    },
    "people": {
        "ann": at_corkboard({"resources": {"boards": ["team", "attic"]}}),
        "bob": at_corkboard({**WIDE, "tools": ["list_notes", "note_write"]}),
        "cem": at_corkboard({**WIDE, "mode": "propose"}),
        "dee": at_corkboard(WIDE, "careful"),
        "eve": {"vendors": {"jira": {}}},
        "fay": at_corkboard(WIDE, "elsewhere"),
        "gil": at_corkboard({**WIDE, "tools": ["list_notes"]}),
    },
}
Write = Callable[..., Coroutine[Any, Any, httpx.Response]]


def note(text: object) -> dict[str, str]:
    """Make another note."""
    return {**NOTE, "text": str(text)}


@asynccontextmanager
async def corkboard(
    folder: Path,
    database_url: str,
    *,
    changes: Mapping[str, Any],
    before: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    **more: Any,
) -> AsyncIterator[House]:
    """Serve Corkboard's gateway before its stand-in.

    Args:
        folder: for its files.
        database_url: a database of its own.
        changes: what differs of the vendor, such as its credentials or limits.
        before: puts something before the stand-in.
        more: settings, in small letters.
    """
    app = RECORD.stand_in()
    vendor = replace(RECORD.vendor(), **changes)
    async with (
        serving(before(app)) as upstream,
        served(
            folder, database_url, vendor, RECORD.table(), upstream_url=upstream, tenant=BOTH, access=ACCESS, **more
        ) as api,
    ):
        yield House(**{**vars(api), "grant": RECORD.grant}, app=app, upstream_url=upstream)


async def writer(house: House, pool: asyncpg.Pool, **more: Any) -> Write:
    """Return a function that pins a note for a running task; `more` changes the task's grant."""
    task, attempt = await running_task(pool)
    token = house.token(house.grant.model_copy(update=more), task=task, attempt=attempt)
    return partial(house.ask, "POST", NOTES, token=token, tool="note_write", body=NOTE)


async def succeed(pool: asyncpg.Pool) -> None:
    """Let the task that runs end well."""
    (row,) = await pool.fetch("select id, attempt from ledger.tasks where state = 'running'")
    result = TaskResult(task_id=row["id"], status="succeeded", output="done")
    assert await agent_ledger.finish(pool, row["id"], row["attempt"], result)


async def age(pool: asyncpg.Pool, seconds: float) -> None:
    """Let the sends whose outcome is open be older."""
    still_open = "state in ('sending', 'unknown')"
    sent = "sent_at = sent_at - make_interval(secs => $1)"
    await pool.execute(f"update gateway.effects set {sent} where {still_open}", seconds)


def pinned(house: House) -> list[str]:
    """Return the texts on the board now."""
    return [row["text"] for row in house.app.stand_in.notes if row["board"] == "team"]


if __name__ == "__main__":
    environ = dict(os.environ)
    upstream_url = environ.pop("UPSTREAM_URL")
    asyncio.run(run_gateway(RECORD.table(), RECORD.vendor(), load(GatewaySettings, environ), base_url=upstream_url))
