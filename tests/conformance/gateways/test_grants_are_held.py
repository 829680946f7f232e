"""What the grant names passes, and nothing else reaches the vendor."""

import json
from dataclasses import replace
from typing import Any

from agent_contracts import Mode
from conformance.gateways.conftest import Subject
from conformance.gateways.record import Ask

REASON = "x-agent-gateway-error"


async def test_what_is_granted_passes(subject: Subject) -> None:
    """A granted read comes back as the vendor gave it."""
    reply = await subject.ask(subject.record.read)
    assert (reply.status_code, reply.headers.get(REASON)) == (200, None)


async def test_what_the_vendor_says_is_passed_on_as_it_is(subject: Subject) -> None:
    """The vendor's refusal reaches the caller with its status, body and headers, but for cookies and our own header."""
    body, headers = {"message": "not  here"}, {"x-kept": "yes", "set-cookie": "a=b", "x-agent-gateway-error": "forged"}
    subject.fault("status", method="GET", status=404, body=body, headers=headers)
    reply = await subject.ask(subject.record.read)
    assert (reply.status_code, reply.content) == (404, b'{"message": "not  here"}')
    assert reply.headers["x-kept"] == "yes"
    assert not {"set-cookie", REASON} & set(reply.headers)


async def test_the_vendor_sees_our_credential_only(subject: Subject) -> None:
    """No token of the caller's goes on to the vendor, nor any header beyond those that say which form is wanted."""
    theirs = {"cookie": "a=b", "x-forwarded-for": "1.1.1.1", "x-evil": "1", "user-agent": "evil/1"}
    await subject.ask(replace(subject.record.read, tool=subject.record.write.tool), headers=theirs)
    (seen,) = subject.sent
    assert seen["status"] == 200
    ours = {"host", "accept", "accept-encoding", "connection", "user-agent", *subject.record.vendor().headers}
    assert set(seen["headers"]) <= ours
    assert seen["headers"]["user-agent"] != "evil/1"


async def test_a_write_names_a_tool_of_the_grant_for_its_route(subject: Subject) -> None:
    """A write without a tool, with one that is not granted, or with a granted one of another route is refused."""
    write, granted = subject.record.write, [*subject.record.grant.tools, "other_tool"]
    more = subject.record.grant.model_copy(update={"tools": granted})
    less = subject.record.grant.model_copy(update={"tools": []})
    for ask, grant, reason in (
        (replace(write, tool=None), None, "tool_missing"),
        (write, less, "tool"),
        (replace(write, tool="other_tool"), more, "tool_route"),
        (replace(write, tool="other tool"), None, "header"),
        (replace(subject.record.read, tool="other_tool"), None, "tool"),
    ):
        assert (await subject.ask(ask, grant)).headers.get(REASON) == reason
    assert subject.sent == []


async def test_a_mode_that_does_not_write_reads(subject: Subject) -> None:
    """Mode `read` refuses every write, and reads."""
    reading = subject.record.grant.model_copy(update={"mode": Mode.read})
    for ask in (*subject.record.writes.values(), *subject.record.harmless, *subject.record.dangerous):
        reply = await subject.ask(ask, reading)
        assert (reply.status_code, reply.headers.get(REASON)) == (403, "read_only")
    assert subject.sent == []
    assert (await subject.ask(subject.record.read, reading)).status_code == 200


async def test_another_resource_is_refused_and_not_asked_for(subject: Subject) -> None:
    """What lies outside the grant is refused for its resource, in path, query, body, key and search."""
    for ask in subject.record.elsewhere:
        reply = await subject.ask(ask)
        assert (ask, reply.status_code, reply.headers.get(REASON)) == (ask, 403, "resource")
    assert subject.sent == []


async def test_hostile_names_lead_nowhere(subject: Subject) -> None:
    """Names that lead elsewhere or are doubled, and fields that no route lists, are refused, and nothing is sent."""
    for ask in subject.record.hostile:
        reply = await subject.ask(ask)
        assert REASON in reply.headers, (ask, reply.status_code, reply.text)
        assert 400 <= reply.status_code < 500
    assert subject.sent == []


async def test_a_foreign_item_in_a_reply_is_kept_back(subject: Subject) -> None:
    """Where the vendor shows another resource's thing in place of a granted one, the caller sees nothing of it."""
    subject.fault("status", method="GET", status=200, body=subject.record.foreign)
    reply = await subject.ask(subject.record.read)
    assert reply.headers.get(REASON) == "reply_foreign"


async def test_pages_are_followed_to_the_end(subject: Subject) -> None:
    """Page by page each row of the list comes once, and the last page says that it is the last."""
    record, pages = subject.record, list[list[Any]]()
    ask: Ask | None = record.listing(2)
    while ask is not None and len(pages) < 100:
        reply = await subject.ask(ask)
        assert reply.status_code == 200, reply.text
        pages.append(record.rows(reply.json()))
        ask = record.following(reply, ask)
    found = [json.dumps(row, sort_keys=True) for page in pages for row in page]
    held = record.held(subject.api.app.stand_in)
    assert ask is None, "`following` names a next page after 100 pages"
    assert len(pages) > 1, f"`listing(2)` needs a second page: the stand-in's list holds {held}, all on the first page"
    assert (len(found), len(set(found))) == (held, held), (
        f"`following` leads through the {held} rows that `held` counts: {len(found)} came, {len(set(found))} different"
    )
