"""Finds the effect that caused an event: what a gateway wrote comes back to control as an event of the vendor."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from agent_stores.pool import Executor

from agent_effects.effects import SENDING_SECONDS

MOST_MARKS = 20
SENDING = timedelta(seconds=SENDING_SECONDS)
SKEW = timedelta(seconds=10)
"""How far the vendor's clock and PostgreSQL's may be apart."""
MARKER = re.compile(r"<!-- agent-bot:effect ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) -->")


def marker(effect: UUID) -> str:
    """Return the hidden text that names an effect: an HTML comment, which Markdown keeps and does not show."""
    return f"<!-- agent-bot:effect {effect} -->"


def marked(text: object) -> frozenset[UUID]:
    """Return the effects that markers in a text name; the last of them, where there are many."""
    return frozenset(map(UUID, MARKER.findall(text)[-MOST_MARKS:])) if isinstance(text, str) else frozenset()


@dataclass(frozen=True, kw_only=True)
class Change:
    """What an event says was made or changed at the vendor.

    Attributes:
        made: whether it was made; otherwise something that was there was changed.
        target: what the write was about, as the vendor's gateway names it in the effect.
        at: when; None where the vendor does not say.
        url: the web address of the thing, as the gateway reads it from a reply.
        marks: the effects that the thing's own text, property or metadata names.
        fields: the fields that were changed, as the gateway's requests name them; none where the event does not tell.
    """

    made: bool
    target: str
    at: datetime | None = None
    url: str = ""
    marks: Collection[UUID] = ()
    fields: Collection[str] = ()


async def effect_behind(
    conn: Executor, change: Change, *, tenant: str, vendor: str, accounts: Collection[str]
) -> UUID | None:
    """Return the effect of the tenant that made a change; None where there is none.

    A mark proves nothing alone, as anybody can copy it into a text. An effect whose reply was read has the address of
    what it made. One whose reply was not read has at least its target, and its account where that is known. Without a
    mark the effect also has to be under way at the time of the change, give or take `SKEW`. `accounts` is every
    id of the account that caused the event.
    """
    # What `candidates` compares is as the indexes have it; the whole url and target are compared after that.
    since, until = (None if change.at is None else change.at + by for by in (-SKEW, SKEW))
    found: UUID | None = await conn.fetchval(
        """
        with caused as (
            select coalesce((select lower(a.account) = any ($3) from gateway.accounts a
                where a.vendor = $2 and a.tenant = $1), true) as by_us
        ), candidates as (
            select * from gateway.effects where id = any ($4)
            union select * from gateway.effects where tenant = $1 and vendor = $2 and md5(url) = md5($5)
            union select * from gateway.effects where tenant = $1 and vendor = $2
                and left(lower(target), 500) = left(lower($6), 500)
                and sent_at between $7::timestamptz - $11::interval and $8::timestamptz
        )
        select e.id from candidates e, caused
        where e.tenant = $1 and e.vendor = $2 and e.state in ('sending', 'unknown', 'done', 'partial')
            and (e.url = $5 or e.url is null and (e.id = any ($4) or lower(e.target) = lower($6)))
            and case
                when $9 and e.id = any ($4) then e.url = $5 or lower(e.target) = lower($6) and by_us
                else by_us and e.sent_at <= $8 and least(e.settled_at, e.sent_at + $11) >= $7
                    and case when $9 then e.url = $5
                        else cardinality($10::text[]) = 0 or coalesce(e.request -> 'fields' ?| $10, true) end
                end
        limit 1
        """,
        tenant,
        vendor,
        [_storable(account).lower() for account in accounts],
        list(change.marks),
        _storable(change.url),
        _storable(change.target),
        since,
        until,
        change.made,
        list(map(_storable, change.fields)),
        SENDING,
    )
    return found


def _storable(text: str) -> str:
    """Return a stranger's text as PostgreSQL can compare it: no row holds a NUL or half of a surrogate pair."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
