"""What the grant names passes, and nothing else reaches the vendor."""

from conformance.gateways.conftest import Subject

REASON = "x-agent-gateway-error"


async def test_what_is_granted_passes(subject: Subject) -> None:
    """A granted read comes back as the vendor gave it."""
    reply = await subject.ask(subject.record.read)
    assert (reply.status_code, reply.headers.get(REASON)) == (200, None)


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
    """Page by page the same rows come as in one page, and the last page says that it is the last."""
    record = subject.record
    whole = record.rows((await subject.ask(record.listing(100))).json())
    ask, found = record.listing(2), []
    for _ in range(100):
        reply = await subject.ask(ask)
        assert reply.status_code == 200, reply.text
        found += record.rows(reply.json())
        following = record.following(reply, ask)
        if following is None:
            break
        ask = following
    assert found == whole
    assert len(whole) > 2
