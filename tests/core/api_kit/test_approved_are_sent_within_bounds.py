"""What becomes of approved proposals in a gateway's rounds: sent within all bounds, put off or ended, never late."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

import agent_effects
import pytest
from agent_contracts import Grant
from api_kit import Call, Fetch, Json, Resource, Table
from api_kit.reconciler import Reconciler
from asyncpg import Pool
from core.api_kit.proposing import approved, rounds, write
from core.api_kit.toy import project_of, toy
from fixtures.resource_kinds import PROJECTS
from prometheus_client import CollectorRegistry
from service_kit.supervised import BackgroundLoops
from structlog.testing import capture_logs

GRANT = Grant.model_validate({"resources": {"projects": ["ops"], "channels": ["C1"]}, "mode": "propose"})
NOWHERE = "http://127.0.0.1:1"


def owners(reply: Json) -> Sequence[str]:
    """Name a note's project."""
    return [str(reply["project"])] if isinstance(reply, dict) else []


TABLE = Table(
    [
        write(
            "/tickets/{ticket:number}/notes", Resource(PROJECTS, "lookup", lookup=project_of), reply_resources=owners
        ),
        write("/projects/{project:name}/notes", Resource(PROJECTS, "path", "{project}")),
    ]
)  # fmt: skip


async def test_what_was_looked_up_is_looked_up_again(tmp_path: Path, pool: Pool) -> None:
    """The ticket moved out of the grant after the approval: nothing is sent, and the proposal says why."""
    async with toy(tmp_path, pool, GRANT, table=TABLE) as api:
        api.vendor.says({"project": "ops"})
        id_ = await approved(api, pool, "/tickets/7/notes")
        api.vendor.says({"project": "secret"})
        ended = await rounds(api, pool, id_)
        assert (ended.state, ended.detail) == (
            "failed",
            "not sent: '/tickets/7/notes' is not there, or belongs to none of the projects of the grant",
        )
        assert api.vendor.seen == ["GET /rest/v1/rest/tickets/7"] * 2


async def test_what_the_reply_is_of_is_checked(tmp_path: Path, pool: Pool) -> None:
    """It is sent once; a reply of another project is told in the audit, as for any call."""
    async with toy(tmp_path, pool, GRANT, table=TABLE) as api:
        for ticket, project, reason in ((1, "ops", ""), (2, "secret", "reply_foreign")):
            api.vendor.says({"project": "ops"})
            id_ = await approved(api, pool, f"/tickets/{ticket}/notes")
            api.vendor.says({"project": "ops"})
            api.vendor.says({"project": project}, 201)
            with capture_logs() as lines:
                assert (await rounds(api, pool, id_)).state == "done"
            assert [line.get("reason") or "" for line in lines if line["event"] == "request"] == [reason]
        assert len([seen for seen in api.vendor.seen if seen.startswith("POST")]) == 2


@pytest.mark.parametrize("taken", [False, True])
async def test_who_was_stopped_after_taking_sends_nothing(
    tmp_path: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    """The turn ends while a gateway is stopped between taking and sending: it gives back what nobody took since."""
    real = agent_effects.claim

    async def stopped(conn: Pool, id_: UUID) -> int | None:
        sends = await real(conn, id_)
        await asyncio.sleep(0.5)
        if taken:
            await conn.execute("update gateway.effects set sends = sends + 1 where id = $1", id_)
        return sends

    async with toy(tmp_path, pool, GRANT, table=TABLE, seconds=0.4) as api:
        id_ = await approved(api, pool, "/projects/ops/notes")
        monkeypatch.setattr(agent_effects, "claim", stopped)
        found = await rounds(api, pool, id_)
        left = ("sending", 2) if taken else ("approved", 1)
        assert ((found.state, found.sends), api.vendor.seen) == (left, [])


@pytest.mark.parametrize("path", ["/projects/ops/notes", "/tickets/7/notes"])
async def test_an_unreachable_vendor_is_waited_for_a_day(tmp_path: Path, pool: Pool, path: str) -> None:
    """Nothing was sent, so it stays approved, is warned of once, and is given up in the end."""
    async with toy(tmp_path, pool, GRANT, table=TABLE) as api:
        api.vendor.says({"project": "ops"})
        id_ = await approved(api, pool, path)
    async with toy(tmp_path, pool, GRANT, table=TABLE, at=NOWHERE) as api:
        with capture_logs() as lines:
            for tries in (1, 2, 3):
                found = await rounds(api, pool, id_)
                assert (found.state, found.tries, str(found.delay).partition(":")[0]) == (
                    "approved",
                    tries,
                    "upstream_unreachable",
                )
                assert found.try_at is not None
        assert [line["reason"] for line in lines if line["event"] == "not_sent"] == ["upstream_unreachable"]
        await pool.execute("update gateway.proposals set decided_at = decided_at - interval '1 day'")
        found = await rounds(api, pool, id_)
        assert found.state == "failed"
        assert str(found.detail).startswith("not sent within a day of its approval: toy cannot be reached")


async def test_the_vendors_limit_is_waited_for(tmp_path: Path, pool: Pool) -> None:
    """An approved write that meets the vendor's limit stays approved as long as the vendor says, and is sent then."""
    async with toy(tmp_path, pool, GRANT, table=TABLE) as api:
        id_ = await approved(api, pool, "/projects/ops/notes")
        api.vendor.says({}, 429, retry_after="1")
        put_off = await rounds(api, pool, id_)
        assert (put_off.state, put_off.tries, put_off.delay) == ("approved", 1, "vendor_rate: toy answered 429")
        assert put_off.try_at is not None
        await asyncio.sleep(1.1)
        api.vendor.says({}, 201)
        sent = await rounds(api, pool, id_)
        assert (sent.state, sent.sends) == ("done", 2)


@pytest.mark.slow
async def test_what_hangs_or_breaks_holds_up_nothing_else(tmp_path: Path, pool: Pool) -> None:
    """One is being tried without end, another fails inside the gateway: the next is sent, and none is tried twice."""
    tried: list[str] = []

    async def subject(call: Call, fetch: Fetch) -> Mapping[str, Json] | None:
        what = call.path["ticket"]
        tried.append(what)
        if tried.count(what) == 2 and what == "hangs":
            await asyncio.Event().wait()
        if tried.count(what) == 2 and what == "breaks":
            raise ValueError("what no reply should bring about")
        return {}

    async def until(id_: UUID, state: str, tries: int) -> None:
        async with asyncio.timeout(60):
            while True:
                found = await agent_effects.proposal(pool, id_)
                if (found.state, found.tries) == (state, tries):
                    return
                await asyncio.sleep(0.05)

    route = write(
        "/projects/{project:name}/{ticket:name}", Resource(PROJECTS, "path", "{project}"), read_before=subject
    )
    async with toy(tmp_path, pool, GRANT, table=Table([route])) as api:
        hangs = await approved(api, pool, "/projects/ops/hangs")
        reconciler = Reconciler(api.gateway)
        try:
            background = BackgroundLoops(reconciler.loops(), CollectorRegistry())
            with capture_logs() as lines:
                async with background.running():
                    await until(await approved(api, pool, "/projects/ops/breaks"), "approved", 1)
                    api.vendor.says({}, 201)
                    await until(await approved(api, pool, "/projects/ops/goes"), "done", 0)
                    await until(hangs, "approved", 0)
        finally:
            await reconciler.stop()
        assert [line["event"] for line in lines if line["log_level"] in ("error", "warning")] == [
            "send_failed",
            "not_sent",
        ]
        assert sorted(tried) == ["breaks", "breaks", "goes", "goes", "hangs", "hangs"]
