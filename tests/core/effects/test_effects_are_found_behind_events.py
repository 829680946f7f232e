"""An event that an effect caused is known by a mark, an address or a time; a copied mark makes nothing ours."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import agent_effects
import asyncpg
import pytest
from agent_effects import Change, Stored, Write, accounts, effect_behind, keep_accounts, marked, marker, settle
from agent_stores.pool import Executor

REPOSITORY = "octocat/hello-world"
ISSUE = f"{REPOSITORY}#1"
URL = "https://github.com/octocat/hello-world/issues/1#issuecomment-1"
MADE = Change(made=True, target=ISSUE, url=URL, at=datetime.now(UTC))
CHANGED = Change(made=False, target=ISSUE, url="https://github.com/octocat/hello-world/issues/1", fields=("labels",))


async def wrote(pool: asyncpg.Pool, *, url: str | None = None, state: Any = None, **changes: Any) -> UUID:
    """Keep an effect, by default one that is under way."""
    write = Write(
        id=uuid4(),
        tenant="default",
        caller="github-mcp",
        vendor="github",
        route="comment",
        target=ISSUE,
        method="POST",
        request={"fields": ["labels"]},
    )
    write = replace(write, **changes)
    await agent_effects.begin(pool, write)
    if state or url:
        await settle(pool, write.id, state=state or "done", url=url)
    return write.id


async def behind(
    pool: Executor, change: Change, *, tenant: str = "default", vendor: str = "github", by: str = "octo-bot"
) -> UUID | None:
    """Look for the effect behind a change."""
    return await effect_behind(pool, change, tenant=tenant, vendor=vendor, accounts=[by])


def now(**more: Any) -> Change:
    """Make a change of this moment."""
    return replace(CHANGED, **{"at": datetime.now(UTC), **more})


def test_marks_are_read_from_a_text() -> None:
    """The last marks of a text are read, in linear time; what only looks like one is none."""
    first, last = uuid4(), uuid4()
    assert marked(f"{marker(first)} x {marker(last)}") == {first, last}
    assert last in marked(marker(first) * 30 + marker(last))
    assert len(marked("".join(marker(uuid4()) for _ in range(1000)))) == 20
    for text in (None, 7, "", "<!-- agent-bot:effect x -->", marker(first)[:-1], "<!-- agent-bot:effect " * 100_000):
        assert marked(text) == frozenset()


@pytest.mark.parametrize("url", [URL, None], ids=["read", "not read yet"])
async def test_what_carries_our_effects_mark_is_ours(pool: asyncpg.Pool, url: str | None) -> None:
    """It is, whenever it comes, also before the gateway has read the vendor's reply."""
    effect = await wrote(pool, url=url)
    assert await behind(pool, replace(MADE, marks=[effect])) == effect
    later = datetime.now(UTC) + timedelta(days=1)
    assert await behind(pool, replace(MADE, marks=[effect], target=ISSUE.upper(), at=later)) == effect


async def test_a_copied_mark_makes_nothing_ours(pool: asyncpg.Pool) -> None:
    """A stranger's text with our mark is another thing: it has another address, target or account."""
    effect = await wrote(pool, url=URL)
    another = replace(MADE, url=f"{URL}2")
    assert await behind(pool, replace(another, marks=[effect])) is None
    unread = await wrote(pool)
    assert await behind(pool, replace(another, marks=[unread], target="octocat/other#1")) is None
    await keep_accounts(pool, "github", {"default": "octo-bot"})
    assert await behind(pool, replace(another, marks=[unread]), by="mallory") is None
    assert await behind(pool, replace(another, marks=[unread]), by="Octo-Bot") == unread


@pytest.mark.parametrize("state", ["failed", "proposed"])
async def test_what_was_not_sent_made_nothing(pool: asyncpg.Pool, state: str) -> None:
    """The mark of an effect that failed, or waits for approval, can only be an invention."""
    stored = Stored(call={}, shown="", sha256="", base=None, seconds=60) if state == "proposed" else None
    effect = await wrote(pool, state=None if stored else "failed", proposal=stored)
    assert await behind(pool, replace(MADE, marks=[effect])) is None


async def test_no_house_knows_anothers_marks(pool: asyncpg.Pool) -> None:
    """An id that is no row here, or of another tenant or vendor, says nothing."""
    effect = await wrote(pool, url=URL)
    assert await behind(pool, replace(MADE, marks=[uuid4()], url="")) is None
    assert await behind(pool, replace(MADE, marks=[effect]), tenant="acme") is None
    assert await behind(pool, replace(MADE, marks=[effect]), vendor="jira") is None


async def test_what_an_effect_changed_is_ours_while_it_was_under_way(pool: asyncpg.Pool) -> None:
    """A label that the gateway sets has no mark: target, fields and time tell it from a person's."""
    effect = await wrote(pool, state="done")
    assert await behind(pool, now()) == effect
    assert await behind(pool, now(fields=())) == effect
    assert await behind(pool, now(fields=("assignees",))) is None
    assert await behind(pool, now(target=f"{REPOSITORY}#2")) is None
    assert await behind(pool, replace(CHANGED, at=datetime.now(UTC) + timedelta(seconds=60))) is None
    assert await behind(pool, replace(CHANGED, at=datetime.now(UTC) - timedelta(seconds=60))) is None
    assert await behind(pool, CHANGED) is None
    await keep_accounts(pool, "github", {"default": "octo-bot"})
    assert await behind(pool, now(), by="mona") is None


async def test_a_comment_changes_nothing_of_its_issue(pool: asyncpg.Pool) -> None:
    """An effect that made something else at the same target is not behind a person's edit of the issue."""
    await wrote(pool, url=URL, request={"fields": ["body"]})
    assert await behind(pool, now(fields=("body",))) is None


async def test_labels_of_a_made_issue_are_ours(pool: asyncpg.Pool) -> None:
    """The vendor tells of each label of a new issue apart: the issue has the mark, and its effect another target."""
    effect = await wrote(pool, target=REPOSITORY, request={"fields": ["title", "labels"]})
    assert await behind(pool, now(marks=[effect])) == effect
    await settle(pool, effect, state="done", url=CHANGED.url)
    assert await behind(pool, now(marks=[effect])) == effect
    assert await behind(pool, now(marks=[effect], at=datetime.now(UTC) + timedelta(hours=1))) is None


async def test_accounts_are_kept_for_each_vendor(pool: asyncpg.Pool) -> None:
    """A gateway replaces its own vendor's alone."""
    await keep_accounts(pool, "github", {"default": "octo-bot", "acme": "acme-bot"})
    await keep_accounts(pool, "jira", {"default": "j"})
    await keep_accounts(pool, "github", {"default": "octo-bot2"})
    assert [(one.vendor, one.tenant, one.account) for one in await accounts(pool)] == [
        ("github", "default", "octo-bot2"),
        ("jira", "default", "j"),
    ]


async def test_an_account_of_which_nothing_newer_is_known_stays(pool: asyncpg.Pool) -> None:
    """A tenant whose account could not be asked for keeps it; one that is gone does not."""
    await keep_accounts(pool, "github", {"default": "octo-bot", "acme": "acme-bot", "gone": "gone-bot"})
    await keep_accounts(pool, "github", {"default": "octo-bot2"}, staying=["default", "acme", "new"])
    found = {one.tenant: one.account for one in await accounts(pool)}
    assert found == {"default": "octo-bot2", "acme": "acme-bot"}


async def test_effects_are_found_by_indexes(pool: asyncpg.Pool) -> None:
    """Among many effects one is looked up by its url's and its target's index."""
    effect = await wrote(pool, url=URL)
    await pool.execute(
        """
        insert into gateway.effects select (jsonb_populate_record(e, jsonb_build_object(
            'id', gen_random_uuid(), 'target', 'octocat/other#' || n, 'url', 'https://example.com/' || n))).*
        from gateway.effects e, generate_series(1, 3000) n
        """
    )
    await pool.execute("analyze gateway.effects")
    async with pool.acquire() as conn:
        assert await behind(conn, now(url=URL)) == effect
        await conn.execute("select pg_stat_force_next_flush()")
        used = await conn.fetch(
            "select indexrelname from pg_stat_user_indexes where schemaname = 'gateway' and idx_scan > 0"
        )
    assert {"effects_of_target", "effects_of_url"} <= {row["indexrelname"] for row in used}


async def test_no_length_of_url_or_target_stops_an_outcome(pool: asyncpg.Pool) -> None:
    """Both may be longer than a row of an index, and are compared whole all the same."""
    long, url = secrets.token_hex(10_000), f"https://example.com/{secrets.token_hex(10_000)}"
    unread, read = await wrote(pool, target=long), await wrote(pool, url=url)
    assert await behind(pool, now(target=long, url="")) == unread
    assert await behind(pool, now(target=f"{long}0", url="")) is None
    assert await behind(pool, now(made=True, url=url)) == read
    assert await behind(pool, now(made=True, url=f"{url}0")) is None
