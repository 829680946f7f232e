"""Before a proposal is stored and before it is sent the gateway looks at what is there: what changed since is held."""

from collections.abc import Mapping
from pathlib import Path

import agent_effects
import asyncpg
import pytest
from agent_contracts import Grant, Mode
from api_kit import Call, Fetch, Json, Resource, Table
from core.api_kit.corkboard import age, pinned, succeed, writer
from core.api_kit.proposing import approve, approved, proposed, rounds, write
from core.api_kit.toy import toy
from fixtures.gateway import House, until
from fixtures.resource_kinds import PROJECTS

GRANT = Grant.model_validate({"resources": {"projects": ["ops"]}, "mode": "propose"})
NOTES = "/projects/ops/notes"


async def present(call: Call, fetch: Fetch) -> Mapping[str, Json]:
    """Read the text that is there now."""
    return {"text": await fetch(NOTES)}


TABLE = Table([write("/projects/{project:name}/notes", Resource(PROJECTS, "path", "{project}"), read_before=present)])


async def test_what_cannot_be_shown_is_not_stored(tmp_path: Path, pool: asyncpg.Pool) -> None:
    """The vendor fails while a write is proposed: the caller hears so, and the same again is stored."""
    async with toy(tmp_path, pool, GRANT, table=TABLE) as api:
        api.vendor.says({}, 502)
        reply = await api.client.post(NOTES, json={"text": "x"})
        assert (reply.status_code, reply.json()["reason"]) == (502, "upstream_refused")
        assert not await agent_effects.proposals(pool)
        api.vendor.says("one")
        assert (await proposed(api, pool, NOTES)).state == "proposed"


async def test_what_the_database_does_not_keep_is_refused(tmp_path: Path, pool: asyncpg.Pool) -> None:
    """A NUL character is the caller's mistake, and is told as such."""
    async with toy(tmp_path, pool, GRANT, table=TABLE) as api:
        api.vendor.says("one")
        reply = await api.client.post(NOTES, json={"text": "a\0b"})
        assert (reply.status_code, reply.json()["reason"]) == (400, "body")
        assert await agent_effects.proposals(pool) == []


async def test_an_approval_outlives_a_failed_look(tmp_path: Path, pool: asyncpg.Pool) -> None:
    """The vendor fails before an approved write is sent: it stays approved, and is sent when the vendor is back."""
    async with toy(tmp_path, pool, GRANT, table=TABLE) as api:
        api.vendor.says("one")
        id_ = await approved(api, pool, NOTES)
        api.vendor.says({}, 502)
        found = await rounds(api, pool, id_)
        assert (found.state, found.held) == ("approved", None)
        api.vendor.says("one")
        api.vendor.says({}, 201)
        assert (await rounds(api, pool, id_)).state == "done"


async def test_what_changed_since_is_held(tmp_path: Path, pool: asyncpg.Pool) -> None:
    """Somebody else changed what is there: the proposal waits for a decision on what it would change now."""
    async with toy(tmp_path, pool, GRANT, table=TABLE) as api:
        api.vendor.says("one")
        first = await proposed(api, pool, NOTES)
        await approve(pool, first)
        api.vendor.says("two")
        held = await rounds(api, pool, first.id)
        assert (held.state, held.decided_by) == ("proposed", None)
        assert "changed after" in str(held.held)
        assert held.sha256 != first.sha256
        assert "- two\n+ x" in held.shown
        with pytest.raises(agent_effects.ProposalError) as refused:
            await approve(pool, first)
        assert refused.value.reason == "changed"
        await approve(pool, held)
        api.vendor.says("two")
        api.vendor.says({}, 201)
        assert (await rounds(api, pool, first.id)).state == "done"
        assert [seen.partition(" ")[0] for seen in api.vendor.seen] == ["GET"] * 3 + ["POST"]


@pytest.mark.usefixtures("watched_closely")
async def test_bounds_are_checked_again(tmp_path: Path, pool: asyncpg.Pool) -> None:
    """What the tenant's entry does not allow any more is not sent, and says why."""
    async with toy(tmp_path, pool, GRANT, table=TABLE) as api:
        api.vendor.says("one")
        id_ = await approved(api, pool, NOTES)
        access = tmp_path / "access.yaml"
        access.write_text(access.read_text().replace('"ops"', '"web"'))
        ended = await rounds(api, pool, id_)
        assert ended.state == "failed"
        assert "is not among the projects" in str(ended.detail)
        assert len(api.vendor.seen) == 1


async def test_many_gateways_send_once(tmp_path: Path, pool: asyncpg.Pool) -> None:
    """However many gateways go round at once, an approved proposal is sent by one."""
    async with toy(tmp_path, pool, GRANT, table=TABLE) as api:
        for _ in range(9):
            api.vendor.says("one")
        id_ = await approved(api, pool, NOTES)
        ended = await rounds(api, pool, id_, gateways=4)
        assert ended.state == "done"
        assert len([seen for seen in api.vendor.seen if seen.startswith("POST")]) == 1


@pytest.mark.usefixtures("quick_rounds")
async def test_what_never_arrived_is_sent_again_by_the_gateway(house: House, pool: asyncpg.Pool) -> None:
    """An approved proposal whose send never arrived is sent anew once it can no longer come."""
    propose, before = await writer(house, pool, mode=Mode.propose), len(pinned(house))
    assert (await propose()).status_code == 202
    await succeed(pool)
    house.fault("drop_before", method="POST")
    (found,) = await agent_effects.proposals(pool)
    await approve(pool, found)
    await until(pool, "unknown")
    assert len(pinned(house)) == before
    await age(pool, 130)
    await until(pool, "done")
    assert len(pinned(house)) == before + 1
